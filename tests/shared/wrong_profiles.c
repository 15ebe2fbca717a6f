// SPDX-License-Identifier: GPL-2.0-only
#include <stdlib.h>
#include <string.h>

#include "driver/base/cleanup.h"
#include "tests/shared/wrong_profiles.h"

#define P "[Profile]\nTitle=T\n"			  /* lines 1, 2 */
#define A "[Area hand]\nMaxDepth=1mm\nMaxSpeed=9000rpm\n" /* lines 3, 4, 5 after P */
#define GOOD P A
#define DEPTH(value) P "[Area hand]\nMaxDepth=" value "\nMaxSpeed=9000rpm\n" /* line 4 */
#define SPEED(value) P "[Area hand]\nMaxDepth=1mm\nMaxSpeed=" value "\n"     /* line 5 */
#define KEY(line) P line "\n" A						     /* line 3 */
#define AREA_KEY(line) GOOD line "\n"					     /* line 6 */
#define AREA(name) GOOD "[Area " name "]\nMaxDepth=1mm\nMaxSpeed=9000rpm\n"  /* line 6 */

#define STR20 "0123456789abcdefghij"
#define STR60 STR20 STR20 STR20
#define STR200 STR60 STR60 STR60 STR20

#define MANY(name) "[Area m" name "]\nMaxDepth=1mm\nMaxSpeed=9000rpm\n"
#define MANY8(name)                                                                                \
	MANY(name "1")                                                                             \
	MANY(name "2")                                                                             \
	MANY(name "3")                                                                             \
	MANY(name "4")                                                                             \
	MANY(name "5")                                                                             \
	MANY(name "6")                                                                             \
	MANY(name "7")                                                                             \
	MANY(name "8")

#define ROW_IN(name, what, text, line, wrong, allowed, ...)                                        \
	{                                                                                          \
		what, name, text, sizeof(text) - 1, 0, line, wrong, allowed, __VA_ARGS__           \
	}
#define ROW(...) ROW_IN("wrong.conf", __VA_ARGS__, NULL, false, false)
#define NAME(name, what, ...)                                                                      \
	ROW_IN(name, what, GOOD, 1, "the file's name cannot be used",                              \
	       "allowed: a letter or digit, then up to 63 letters", __VA_ARGS__)

#define IN_DEPTH "allowed: 0.05mm to 3mm"
#define IN_SPEED "allowed: 300rpm to 15000rpm (5Hz to 250Hz)"

/* clang-format off: a table */
const struct wrong_profile wrong_profiles[] = {
	/* units */
	ROW("depth without unit", DEPTH("1.0"), 4, "value '1.0' of MaxDepth: the unit is missing",
	    IN_DEPTH),
	ROW("depth in seconds", DEPTH("1.0s"), 4, ": mm or um;", IN_DEPTH),
	ROW("depth in inches", DEPTH("0.02in"), 4, "value '0.02in' of MaxDepth", IN_DEPTH),
	ROW("speed without unit", SPEED("150"), 5, "is missing: rpm or Hz;", IN_SPEED),
	ROW("speed in mm", SPEED("150mm"), 5, "value '150mm' of MaxSpeed", IN_SPEED),
	ROW("time without unit", KEY("MaxRunTime=30"), 3,
	    "value '30' of MaxRunTime: the unit is missing", "allowed: 100ms to 4h"),
	ROW("density without unit", AREA_KEY("DensityWarning=300"), 6, "is missing: /cm2;",
	    "allowed: 1/cm2 to 100000/cm2"),
	ROW("density per mm2", AREA_KEY("DensityWarning=3/mm2"), 6,
	    "value '3/mm2' of DensityWarning", "allowed: 1/cm2 to"),
	ROW("half days", KEY("MinInterval=36h"), 3, "not a whole number of days",
	    "allowed: whole days, 1d to 365d"),
	/* numbers */
	ROW("decimal comma", DEPTH("1,5mm"), 4, "value '1,5mm' of MaxDepth", IN_DEPTH),
	ROW("two values", DEPTH("1mm 2mm"), 4, "it is not one number with one unit", IN_DEPTH),
	ROW("a word", DEPTH("deep"), 4, "value 'deep' of MaxDepth", IN_DEPTH),
	ROW("comment behind a value", DEPTH("1mm # deep"), 4, "value '1mm # deep' of MaxDepth",
	    IN_DEPTH),
	ROW("finer than a micrometre", DEPTH("0.5005mm"), 4, "finer than the smallest unit",
	    IN_DEPTH),
	ROW("negative", DEPTH("-1mm"), 4, "it is negative", IN_DEPTH),
	ROW("empty value", DEPTH(""), 4, "of MaxDepth: it is empty", IN_DEPTH),
	ROW("sessions with a word", KEY("Sessions=4 times"), 3, "not a whole number",
	    "allowed: 1 to 50, or a range such as 3-6"),
	/* ranges */
	ROW("no depth at all", DEPTH("0mm"), 4, "below the smallest allowed", IN_DEPTH),
	ROW("too shallow", DEPTH("49um"), 4, "below the smallest allowed", IN_DEPTH),
	ROW("too deep", DEPTH("3001um"), 4, "above the largest allowed", IN_DEPTH),
	ROW("1 mm for who counts in 16 bits", DEPTH("66536um"), 4, "above the largest allowed",
	    IN_DEPTH),
	ROW("too slow", SPEED("299rpm"), 5, "below the smallest allowed", IN_SPEED),
	ROW("too fast", SPEED("251Hz"), 5, "above the largest allowed", IN_SPEED),
	ROW("too long a run", KEY("MaxRunTime=5h"), 3, "above the largest allowed",
	    "allowed: 100ms to 4h"),
	ROW("too long a session", KEY("MaxSessionTime=13h"), 3, "above the largest allowed",
	    "allowed: 1s to 12h"),
	ROW("no session", KEY("Sessions=0"), 3, "below the smallest allowed", "allowed: 1 to 50"),
	ROW("too long an interval", KEY("MaxInterval=366d"), 3, "above the largest allowed",
	    "1d to 365d"),
	/* one value against another */
	ROW("begins too deep", AREA_KEY("Depth=1001um"), 6,
	    "value '1001um' of Depth: above MaxDepth in line 4", "allowed: at most 1000um"),
	ROW("begins too fast", AREA_KEY("Speed=9001rpm"), 6, "above MaxSpeed in line 5",
	    "allowed: at most 9000rpm"),
	ROW("begins too slow", AREA_KEY("MinSpeed=40Hz\nSpeed=2399rpm"), 7,
	    "below MinSpeed in line 6", "allowed: at least 2400rpm"),
	ROW("slowest above fastest", AREA_KEY("MinSpeed=9001rpm"), 6, "above MaxSpeed in line 5",
	    "allowed: at most 9000rpm"),
	ROW("runs longer than the session", KEY("MaxRunTime=2h\nMaxSessionTime=1h"), 3,
	    "above MaxSessionTime", "allowed: at most 3600000ms"),
	ROW("intervals the wrong way round", KEY("MinInterval=42d\nMaxInterval=28d"), 3,
	    "above MaxInterval", "allowed: at most 28d"),
	ROW("sessions the wrong way round", KEY("Sessions=6-3"), 3,
	    "the smaller number has to stand first", "allowed: 1 to 50"),
	/* words */
	ROW("enabled: true", KEY("Enabled=true"), 3,
	    "value 'true' of Enabled: not one of the words", "allowed: yes, no"),
	ROW("pedal: on", KEY("Pedal=on"), 3, "value 'on' of Pedal: not one of the words",
	    "allowed: required, optional, off"),
	/* twice */
	ROW("key twice", AREA_KEY("MaxDepth=0.5mm"), 6,
	    "MaxDepth stands here a second time, first in line 4", "allowed: once in a section"),
	ROW("[Profile] twice", GOOD P, 6, "[Profile] stands here a second time", "allowed: once"),
	ROW("area twice", AREA("hand"), 6, "[Area hand] stands here a second time",
	    "allowed: once"),
	/* missing */
	ROW("no title", "[Profile]\nEnabled=yes\n" A, 1, "Title is missing in this section",
	    "allowed: text"),
	ROW("no [Profile]", A, 1, "there is no [Profile] section", "allowed: one"),
	ROW("no area", P, 1, "there is no [Area NAME] section", "allowed: one or more"),
	ROW("no depth", P "[Area hand]\nMaxSpeed=9000rpm\n", 3,
	    "MaxDepth is missing in this section", IN_DEPTH),
	ROW("no speed", P "[Area hand]\nMaxDepth=1mm\n", 3, "MaxSpeed is missing in this section",
	    IN_SPEED),
	ROW("nothing but comments", "# to be written\n", 1, "there is no [Profile] section",
	    "allowed: one"),
	/* unknown */
	ROW("key misspelt", AREA_KEY("Maxdepth=1mm"), 6, "unknown key 'Maxdepth'",
	    "allowed: Depth, MaxDepth, Speed"),
	ROW("key of the other section", KEY("MaxDepth=1mm"), 3, "unknown key 'MaxDepth'",
	    "allowed: Title, Indication"),
	ROW("no key at all", AREA_KEY("=1mm"), 6, "unknown key ''",
	    "allowed: Depth, MaxDepth, Speed"),
	ROW("section misspelt", GOOD "[Aera back]\nMaxDepth=1mm\n", 6,
	    "unknown section [Aera back]", "allowed: [Profile], [Area NAME]"),
	ROW("section in lower case", "[profile]\nTitle=T\n" A, 1, "unknown section [profile]",
	    "allowed: [Profile], [Area NAME]"),
	ROW("a station's section", GOOD "[Station]\nMaxDepth=1mm\n", 6, "unknown section [Station]",
	    "allowed: [Profile], [Area NAME]"),
	/* areas */
	ROW("area without name", GOOD "[Area]\nMaxDepth=1mm\nMaxSpeed=9000rpm\n", 6,
	    "'' is no name for an area", "allowed: [Area NAME]"),
	ROW("area of two words", AREA("upper lip"), 6, "'upper lip' is no name for an area",
	    "NAME a letter or digit"),
	ROW("area as a path", AREA("../hand"), 6, "'../hand' is no name for an area",
	    "NAME a letter or digit"),
	ROW("area with a slash", AREA("chin/jaw"), 6, "'chin/jaw' is no name for an area",
	    "NAME a letter or digit"),
	ROW("area of dots", AREA(".."), 6, "'..' is no name for an area", "NAME a letter or digit"),
	ROW("area of 65 letters", AREA(STR60 "abcde"), 6, "abcde' is no name for an area",
	    "then up to 63 letters"),
	ROW("area with a letter missing", AREA("forhead"), 6, "did you mean [Area forehead]?",
	    "allowed: 'forehead', or a name less like it"),
	ROW("area with letters swapped", AREA("ncek"), 6, "did you mean [Area neck]?",
	    "allowed: 'neck', or"),
	ROW("area in another spelling", AREA("Upper_Lip"), 6, "did you mean [Area upper-lip]?",
	    "allowed: 'upper-lip', or"),
	ROW("one area too many", P MANY8("a") MANY8("b") MANY8("c") MANY8("d") MANY("e"), 99,
	    "[Area me] is one area too many", "allowed: at most 32"),
	/* lines */
	ROW("continued value", KEY("Source=a chart,\n and a trial"), 4,
	    "begins with a blank, and lines cannot be continued",
	    "at the very beginning of its line"),
	ROW("continued by a tab", AREA_KEY("Depth=0.5mm\n\t1mm"), 7, "begins with a blank",
	    "at the very beginning of its line"),
	ROW("key behind a blank", P "[Area hand]\nMaxDepth=1mm\n MaxDepth=3mm\nMaxSpeed=9000rpm\n",
	    5, "begins with a blank", "at the very beginning of its line"),
	ROW("long line", KEY("Source=" STR200), 3, "the line is 207 bytes long",
	    "allowed: at most 198"),
	ROW("long comment", KEY("# " STR200), 3, "the line is 202 bytes long",
	    "allowed: at most 198"),
	ROW("long section", AREA(STR200), 6, "the line is 207 bytes long", "allowed: at most 198"),
	ROW("open bracket", GOOD "[Area back\nMaxDepth=1mm\n", 6, "not a section header",
	    "allowed: [NAME] alone on its line"),
	ROW("text behind a bracket", GOOD "[Area back] MaxDepth=1mm\n", 6, "not a section header",
	    "allowed: [NAME] alone on its line"),
	ROW("no equals sign", AREA_KEY("Depth 0.5mm"), 6, "not understood", "allowed: KEY = VALUE"),
	ROW("before any section", "Title=T\n" GOOD, 1, "Title stands before any section",
	    "allowed: after [Profile], [Area NAME]"),
	ROW("behind empty lines and comments",
	    "\n[Profile]\n\n; T\nTitle=T\n\n\n#\n[Area hand]\n\nMaxDepth=1\nMaxSpeed=9000rpm\n", 11,
	    "the unit is missing", IN_DEPTH),
	ROW("lines that end in CR LF",
	    "[Profile]\r\nTitle=T\r\n\r\n[Area hand]\r\nMaxDepth=1mm\r\nMaxSpeed=9000\r\n", 6,
	    "value '9000' of MaxSpeed: the unit is missing", IN_SPEED),
	ROW("line ends of old Macs", "[Profile]\rTitle=T\r[Area hand]\rMaxDepth=1mm\r", 1,
	    "control character (0x0d)", "allowed: printable text and tabs"),
	/* bytes */
	ROW("NUL in a value", AREA_KEY("Source=a\0b"), 6, "the line holds a NUL byte (0x00)",
	    "allowed: printable text and tabs"),
	ROW("NUL in a key", AREA_KEY("Dep\0th=0.5mm"), 6, "the line holds a NUL byte (0x00)",
	    "allowed: printable text and tabs"),
	ROW("NUL behind a limit", DEPTH("3mm\0"), 4, "the line holds a NUL byte (0x00)",
	    "allowed: printable text and tabs"),
	ROW("NUL at the end", GOOD "\0", 6, "the line holds a NUL byte (0x00)",
	    "allowed: printable text and tabs"),
	ROW("NUL first of all", "\0" GOOD, 1, "the line holds a NUL byte (0x00)",
	    "allowed: printable text and tabs"),
	ROW("steers a terminal", KEY("Source=a\033[2J"), 3, "control character (0x1b)",
	    "allowed: printable text and tabs"),
	ROW("steers a terminal with 8 bits",
	    KEY("Source=a\xc2\x9b"
		"2J"),
	    3, "the line is not UTF-8 text", "allowed: text saved as UTF-8"),
	ROW("Latin-1", KEY("Source=M\xfcller"), 3, "the line is not UTF-8 text",
	    "allowed: text saved as UTF-8"),
	ROW("overlong UTF-8", KEY("Source=\xc0\xaf"), 3, "the line is not UTF-8 text",
	    "allowed: text saved as UTF-8"),
	ROW("UTF-16", "\xff\xfe[\0P\0]\0\n\0", 1, "the line is not UTF-8 text",
	    "allowed: text saved as UTF-8"),
	ROW("byte order mark", "\xef\xbb\xbf" GOOD, 1, "byte order mark",
	    "allowed: UTF-8 without one"),
	/* size */
	{"a byte more than 64 KiB", "wrong.conf", GOOD, sizeof(GOOD) - 1, 65537, 1, "", "65536",
	 NULL, false, false},
	{"1 MiB", "wrong.conf", GOOD, sizeof(GOOD) - 1, 1 << 20, 1, "", "65536", NULL, false,
	 false},
	/* names */
	NAME(".conf", "no name", NULL, true, false),
	NAME("..conf", "name of a folder", NULL, true, false),
	NAME("...conf", "name of the folder above", NULL, true, false),
	NAME(".hidden.conf", "hidden", NULL, true, false),
	NAME("-x.conf", "like an option", NULL, true, false),
	NAME("a b.conf", "two words", NULL, true, false),
	NAME("a'b.conf", "a quote", NULL, true, false),
	NAME("\xc3\xa4.conf", "not ASCII", "??.conf", true, false),
	NAME(STR60 "abcde.conf", "65 letters", NULL, true, false),
	NAME("x.txt", "no profile by its name", NULL, true, true),
	NAME("x.CONF", "in capitals", NULL, true, true),
	NAME("x.conf~", "an editor's copy", NULL, true, true),
};
/* clang-format on */
const size_t n_wrong_profiles = ELEMENTSOF(wrong_profiles);

char *wrong_profile_bytes(const struct wrong_profile *row, size_t *ret_len)
{
	size_t len = MAX(row->len, row->fill_to);
	char *bytes = malloc(len + 1);

	if (!bytes)
		return NULL;
	memset(bytes, '#', len);
	for (size_t i = row->len; i < len; i++)
		if (i % 100 == 0)
			bytes[i] = '\n';
	memcpy(bytes, row->text, row->len);
	bytes[len] = '\0';
	*ret_len = len;
	return bytes;
}
