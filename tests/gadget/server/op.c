// SPDX-License-Identifier: GPL-2.0-only
/* What a host asks before it has a device: the list, and the import. */
#include <errno.h>
#include <string.h>

#include "tests/gadget/server/conn.h"

#define INTERFACE_SIZE 4
#define COUNT_SIZE 4

static struct usbip_device describe(const struct port *port)
{
	return (struct usbip_device){
		.busid = port->busid,
		.usb = port->usb,
	};
}

/* An answer of status only; the connection ends with it. */
static int answer_status(struct conn *conn, enum usbip_op_code code, enum usbip_op_status status)
{
	uint8_t *p = buffer_reserve(&conn->out, USBIP_OP_SIZE);

	if (!p)
		return -ENOMEM;
	usbip_op_pack(p, code, status);
	buffer_commit(&conn->out, USBIP_OP_SIZE);
	conn->last = true;
	return 0;
}

static int list_device(struct conn *conn, const struct port *port)
{
	struct usbip_device device = describe(port);
	struct usb_bytes config = usb_config(port->usb);
	uint8_t interfaces = config.data[4];
	size_t size = USBIP_DEVICE_SIZE + (size_t)interfaces * INTERFACE_SIZE;
	uint8_t *p = buffer_reserve(&conn->out, size);

	if (!p)
		return -ENOMEM;
	usbip_device_pack(p, &device);
	p += USBIP_DEVICE_SIZE;
	for (uint8_t i = 0; i < interfaces; i++, p += INTERFACE_SIZE) {
		const uint8_t *interface = usb_find_interface(config, i, 0);

		memcpy(p, interface + 5, 3); /* class, subclass, protocol */
		p[3] = 0;
	}
	buffer_commit(&conn->out, size);
	return 0;
}

static int devlist(struct conn *conn)
{
	struct server *server = conn->server;
	uint8_t *p = buffer_reserve(&conn->out, USBIP_OP_SIZE + COUNT_SIZE);
	uint8_t count = 0;
	int r = 0;

	if (!p)
		return -ENOMEM;
	for (unsigned int i = 0; i < server->n_ports; i++)
		count = (uint8_t)(count + server->ports[i].plugged);
	usbip_op_pack(p, USBIP_REP_DEVLIST, USBIP_OK);
	memcpy(p + USBIP_OP_SIZE, (uint8_t[COUNT_SIZE]){0, 0, 0, count}, COUNT_SIZE);
	buffer_commit(&conn->out, USBIP_OP_SIZE + COUNT_SIZE);
	for (unsigned int i = 0; r >= 0 && i < server->n_ports; i++)
		if (server->ports[i].plugged)
			r = list_device(conn, &server->ports[i]);
	conn->last = true;
	return r;
}

static int import(struct conn *conn, const char *busid)
{
	struct port *port = server_port(conn->server, busid);
	struct usbip_device device;
	uint8_t *p;

	if (!port)
		return answer_status(conn, USBIP_REP_IMPORT, USBIP_NO_DEVICE);
	if (port->refuse != USBIP_OK)
		return answer_status(conn, USBIP_REP_IMPORT, port->refuse);
	if (port->conn && !conn_gone(port->conn))
		return answer_status(conn, USBIP_REP_IMPORT, USBIP_BUSY);
	p = buffer_reserve(&conn->out, USBIP_OP_SIZE + USBIP_DEVICE_SIZE);
	if (!p)
		return -ENOMEM;
	conn->importer = importer_new(port->usb, &conn->out);
	if (!conn->importer)
		return -ENOMEM;
	device = describe(port);
	usbip_op_pack(p, USBIP_REP_IMPORT, USBIP_OK);
	usbip_device_pack(p + USBIP_OP_SIZE, &device);
	buffer_commit(&conn->out, USBIP_OP_SIZE + USBIP_DEVICE_SIZE);
	port->conn = conn;
	conn->port = port;
	conn->deadline = sd_event_source_disable_unref(conn->deadline);
	usb_bus(port->usb, USB_BUS_ATTACH);
	return 0;
}

int op_feed(struct conn *conn, const uint8_t *data, size_t len)
{
	struct usbip_op op;
	char busid[USBIP_BUSID_SIZE];
	int r;

	if (len < USBIP_OP_SIZE)
		return 0;
	usbip_op_unpack(&op, data);
	if (op.code != USBIP_REQ_DEVLIST && op.code != USBIP_REQ_IMPORT)
		return -EBADMSG;
	if (op.version != USBIP_VERSION) {
		r = answer_status(
			conn, op.code == USBIP_REQ_IMPORT ? USBIP_REP_IMPORT : USBIP_REP_DEVLIST,
			USBIP_ERROR);
		return r < 0 ? r : (int)len;
	}
	if (op.code == USBIP_REQ_DEVLIST) {
		r = devlist(conn);
		return r < 0 ? r : USBIP_OP_SIZE;
	}
	if (len < USBIP_OP_SIZE + USBIP_BUSID_SIZE)
		return 0;
	memcpy(busid, data + USBIP_OP_SIZE, sizeof(busid));
	if (!memchr(busid, 0, sizeof(busid)))
		return -EBADMSG;
	r = import(conn, busid);
	return r < 0 ? r : USBIP_OP_SIZE + USBIP_BUSID_SIZE;
}
