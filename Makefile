# SPDX-License-Identifier: GPL-2.0-only
#
# mnpen: one Makefile, everything is built below build/. Sources are found by folder: a new .c file
# needs no line here. "make help" lists the targets.

SHELL := /bin/bash
.SHELLFLAGS := -o pipefail -ec
.DELETE_ON_ERROR:
.SECONDEXPANSION:
MAKEFLAGS += --no-builtin-rules

VERSION := 0.1.0
BUILD ?= build
prefix ?= /usr
sysconfdir ?= /etc
localstatedir ?= /var
# Debian 12's systemd and udev look below /lib, which is where /usr/lib is.
libdir_boot ?= $(patsubst %/usr,%,$(prefix))/lib
# Whose the daemon, the pens and the records are; who may operate pens.
DAEMON_USER ?= mnpen
OPERATORS ?= mnpen-operators
CC ?= gcc
ifeq ($(origin CC),default)
CC := gcc
endif

# Line and branch coverage that driver/proto and daemon/policy must reach, in percent.
COVERAGE_LINES ?= 100
COVERAGE_BRANCHES ?= 100

WARNINGS := -Wall -Wextra -Werror -Wconversion -Wswitch-enum -Wshadow -Wundef -Wformat=2 \
	-Wmissing-prototypes -Wstrict-prototypes -Wpointer-arith -Wwrite-strings -Wvla \
	-Wcast-qual -Wnull-dereference -Wno-unused-parameter
CPPFLAGS_ALL := -I. -D_GNU_SOURCE -DMNPEN_VERSION='"$(VERSION)"' -DMNPEN_DATADIR='"$(prefix)/share/mnpen"' \
	-DMNPEN_LIBDIR='"$(prefix)/lib/mnpen"' \
	-DMNPEN_SYSCONFDIR='"$(sysconfdir)/mnpen"' -DMNPEN_STATEDIR='"$(localstatedir)/lib/mnpen"' $(CPPFLAGS)
CFLAGS ?= -O2 -g
CFLAGS_ALL := -std=gnu11 $(WARNINGS) -fstack-protector-strong -fPIE -pthread $(SANITIZE) $(CFLAGS)
LDFLAGS_ALL := -pie -Wl,-z,relro,-z,now -pthread $(SANITIZE) $(LDFLAGS)

# pkg-config is asked when a recipe first needs the answer and never while this file is read: on a
# bare system "make check" installs it first.
PACKAGES_DAEMON := libsystemd libusb-1.0 libevdev sqlite3 libzstd inih libsodium
PACKAGES_CLI := libsystemd smartcols json-c
PACKAGES_REPORT := pangocairo
PACKAGES_GADGET := libsystemd json-c
PACKAGES := $(sort $(PACKAGES_DAEMON) $(PACKAGES_CLI) $(PACKAGES_GADGET))
PACKAGES_TESTS := $(PACKAGES) $(PACKAGES_REPORT) cmocka
PACKAGES_BRIDGE := umockdev-1.0
once = $(eval $(1) := $(2))$($(1))
PKG_CFLAGS = $(call once,PKG_CFLAGS,$(shell pkg-config --cflags $(PACKAGES) 2>/dev/null))
LIBS_DAEMON = $(call once,LIBS_DAEMON,$(shell pkg-config --libs $(PACKAGES_DAEMON) 2>/dev/null) -lm)
LIBS_CLI = $(call once,LIBS_CLI,$(shell pkg-config --libs $(PACKAGES_CLI) 2>/dev/null) -lm -ldl)
LIBS_REPORT = $(call once,LIBS_REPORT,$(shell pkg-config --libs $(PACKAGES_REPORT) 2>/dev/null) -lm)
LIBS_GADGET = $(call once,LIBS_GADGET,$(shell pkg-config --libs $(PACKAGES_GADGET) 2>/dev/null) -lm)
LIBS_BRIDGE = $(call once,LIBS_BRIDGE,$(shell pkg-config --libs $(PACKAGES_BRIDGE) 2>/dev/null))
LIBS_TESTS = $(call once,LIBS_TESTS,$(shell pkg-config --libs $(PACKAGES_TESTS) 2>/dev/null) -lm)

OBJ := $(BUILD)/obj
DRIVER_SRC := $(wildcard driver/proto/*.c driver/base/*.c driver/host/*.c)
DAEMON_SRC := $(filter-out daemon/main.c,$(wildcard daemon/*.c daemon/*/*.c))
CLI_SRC := $(filter-out cli/main.c,$(wildcard cli/*.c cli/*/*.c))
GADGET_SRC := $(filter-out tests/gadget/main.c,$(wildcard tests/gadget/*.c tests/gadget/*/*.c))
SHARED_SRC := $(wildcard tests/shared/*.c)
CONTRACT_SRC := $(wildcard tests/contract/*.c)
UNIT_SRC := $(wildcard tests/unit/*.c)
BRIDGE_PRELOAD_SRC := tests/bridge/preload.c
BRIDGE_SRC := $(filter-out $(BRIDGE_PRELOAD_SRC),$(wildcard tests/bridge/*.c))
FOOT_SRC := $(wildcard tests/foot/*.c)
STALLS_SRC := $(wildcard tests/stalls/*.c)
VM_SRC := $(wildcard tests/vm/*.c)
HARNESS_SRC := $(filter-out $(wildcard tests/bus/test_*.c),$(wildcard tests/bus/*.c))
BUS_SRC := $(wildcard tests/bus/*.c)
BENCH_SRC := $(wildcard tests/bench/*.c)
FUZZ_SRC := $(wildcard tests/fuzz/*.c)
FUZZ_HELPERS := $(filter-out $(wildcard tests/fuzz/fuzz_*.c),$(FUZZ_SRC))
BENCH_HELPERS := $(filter-out $(wildcard tests/bench/bench_*.c),$(BENCH_SRC))
UNIT_HELPERS := $(filter-out $(wildcard tests/unit/test_*.c),$(UNIT_SRC))
UNIT_TESTS := $(patsubst %.c,$(BUILD)/%,$(filter-out $(UNIT_HELPERS),$(UNIT_SRC)))
BUS_TESTS := $(patsubst %.c,$(BUILD)/%,$(filter-out $(HARNESS_SRC),$(BUS_SRC)))
VM_PROGRAMS := $(patsubst %.c,$(BUILD)/%,$(VM_SRC))
BENCHES := $(patsubst %.c,$(BUILD)/%,$(filter-out $(BENCH_HELPERS),$(BENCH_SRC)))
FUZZERS := $(patsubst tests/fuzz/fuzz_%.c,$(BUILD)/fuzz/%,$(filter-out $(FUZZ_HELPERS),$(FUZZ_SRC)))
ALL_SRC := $(DRIVER_SRC) $(DAEMON_SRC) $(CLI_SRC) $(GADGET_SRC) $(SHARED_SRC) $(CONTRACT_SRC) $(UNIT_SRC) $(BUS_SRC) \
	$(BENCH_SRC) $(BRIDGE_SRC) $(BRIDGE_PRELOAD_SRC) $(FOOT_SRC) $(STALLS_SRC) $(VM_SRC) $(FUZZ_SRC) \
	$(wildcard daemon/main.c cli/main.c tests/gadget/main.c)
objects = $(patsubst %.c,$(OBJ)/%.o,$(1))

PROGRAMS := $(BUILD)/mnpend $(BUILD)/mnpenctl $(BUILD)/mnpen-gadget
REPORT := $(BUILD)/mnpenctl-report.so
PROFILES := $(wildcard daemon/data/profiles.d/*.conf)
WORDS := daemon/data/aftercare.conf
CHECKLISTS := $(wildcard daemon/data/screening.d/*.conf)
DEVICES := $(wildcard daemon/data/devices.d/*.conf tests/gadget/devices.d/*.conf)

# Files for the system in which a user, a group or a path stands.
TEMPLATES := $(wildcard daemon/data/*.in udev/*.in)
SYSTEM_FILES := $(patsubst %.in,$(BUILD)/system/%,$(notdir $(TEMPLATES)))

# What the scripts below tests/tools and the tests themselves are told.
export MNPEN_BUILD := $(abspath $(BUILD))
export BUILD MAKE
TOOLS := tests/tools
# Recursive builds use every processor unless the caller chose a number.
JOBS = $(if $(findstring jobserver,$(MAKEFLAGS)),,-j$(shell nproc))
SUBMAKE = $(MAKE) $(JOBS) --no-print-directory
Q := $(if $(V),,@)
say = @printf '  %-7s %s\n' $(1) $(2)

.PHONY: all
all: $(PROGRAMS) $(REPORT) $(BUILD)/data/.stamp $(SYSTEM_FILES) ## programs and build/data, the default

.PHONY: tests
tests: all $(UNIT_TESTS) $(BUS_TESTS) $(VM_PROGRAMS) $(BENCHES) $(call objects,$(FUZZ_SRC)) ## build programs, tests and benchmarks, run none

.PHONY: deps
deps: ## install what building, demo and tests need (root), or print the command
	@$(TOOLS)/deps install build demo test lint

.PHONY: demo
demo: ## show a session from profile to safety stop, in 30 s, unprivileged
	@$(TOOLS)/deps install build demo
	@$(SUBMAKE) all
	@tests/demo/run

.PHONY: check
check: ## lint, unit, bus and VM tests, fuzzing; closes with "N passed, N failed"
	@$(TOOLS)/deps install build test lint fuzz package vm
	@$(SUBMAKE) $(VM_PROGRAMS)
	+@JOBS=$(JOBS) $(TOOLS)/check '$(UNIT_TESTS)' '$(BUS_TESTS)' '$(FUZZERS)'

.PHONY: check-unit
check-unit: $(UNIT_TESTS) ## unit tests only
	@$(TOOLS)/run-tests -j "$$(nproc)" -t 60 unit $(UNIT_TESTS)

.PHONY: check-bus
check-bus: all $(BUS_TESTS) ## bus tests only: daemon, command and pen over loopback
	@$(TOOLS)/run-tests -w $(STALLS) -j 2 -t 180 bus $(BUS_TESTS)

# VM_SCENARIO="NAME..." takes some of tests/vm/scenarios.
.PHONY: check-vm
check-vm: ## Debian in QEMU with the packages installed: all scenarios, or VM_SCENARIO=NAME
	@$(TOOLS)/deps install build test package vm
	@$(SUBMAKE) $(VM_PROGRAMS)
	+@JOBS=$(JOBS) tests/vm/run

.PHONY: fuzz-smoke
fuzz-smoke: ## each fuzz harness for 10 s
	@$(TOOLS)/deps install build test fuzz
	+@JOBS=$(JOBS) $(TOOLS)/fuzz smoke 10 $(FUZZERS)

# FUZZ=NAME takes one harness; FUZZ_SECONDS=0 goes on until it is interrupted.
FUZZ_SECONDS ?= 600
.PHONY: fuzz
fuzz: ## fuzz on: FUZZ_SECONDS (600, 0 = until ^C) each, all harnesses or FUZZ=NAME
	@$(TOOLS)/deps install build test fuzz
	+@JOBS=$(JOBS) $(TOOLS)/fuzz long $(FUZZ_SECONDS) $(if $(FUZZ),$(BUILD)/fuzz/$(FUZZ),$(FUZZERS))

# A seed that failed runs again with SEED=N RANDOM_SEEDS=1; RANDOM_JOBS (4) run at a time.
RANDOM_SEEDS ?= 200
SEED ?= 1
.PHONY: random
random: ## random runs against a judge: RANDOM_SEEDS (200) from SEED (1) on
	@$(TOOLS)/deps install build test
	@$(SUBMAKE) all $(BUILD)/tests/bus/test_random
	@RANDOM_SEEDS=$(RANDOM_SEEDS) SEED=$(SEED) $(BUILD)/tests/bus/test_random

.PHONY: lint
lint: ## warnings, format, static analysis, layers and the other house rules
	@$(TOOLS)/deps install build test lint
	+@JOBS=$(JOBS) $(TOOLS)/lint

.PHONY: format
format: ## run clang-format over every C file
	@$(TOOLS)/deps install lint
	@$(TOOLS)/lint-format --fix

.PHONY: coverage
coverage: ## coverage of all tests in build/coverage; fails below the threshold
	@$(TOOLS)/deps install build test coverage
	+@JOBS=$(JOBS) COVERAGE_LINES=$(COVERAGE_LINES) COVERAGE_BRANCHES=$(COVERAGE_BRANCHES) \
		$(TOOLS)/coverage

.PHONY: asan
asan: ## unit and bus tests under the address and undefined-behaviour sanitizers
	@$(TOOLS)/deps install build test
	+@JOBS=$(JOBS) $(TOOLS)/asan

.PHONY: bench
bench: ## build and run the benchmarks below tests/bench
	@$(TOOLS)/deps install build test
	@$(SUBMAKE) all $(BENCHES)
	@for program in $(BENCHES); do $$program; done

.PHONY: clean
clean: ## remove build/
	rm -rf $(BUILD)

.PHONY: help
help: ## this list
	@$(TOOLS)/help

# --- compiling and linking ---

FORCE:

# A stamp changes only when what it says changes; what was made by other flags is then made again.
stamp = $(Q)mkdir -p $(@D); printf '%s\n' '$(subst ','\'',$(1))' >$@.$$$$; \
	if cmp -s $@.$$$$ $@; then rm $@.$$$$; else mv $@.$$$$ $@; fi
$(OBJ)/flags.compile: FORCE | packages
	$(call stamp,$(CPPFLAGS_ALL) $(PKG_CFLAGS) $(CFLAGS_ALL))
$(OBJ)/flags.link: FORCE | packages
	$(call stamp,$(CC) $(LDFLAGS_ALL) $(LIBS_TESTS))
$(OBJ)/sources: FORCE
	$(call stamp,$(sort $(ALL_SRC) $(PROFILES) $(DEVICES) $(WORDS)))

.PHONY: packages packages-test
packages: ## name the missing packages of the build
	@$(TOOLS)/deps check build
packages-test: ## name the missing packages of the tests
	@$(TOOLS)/deps check build test

# The dependency file also serves the analysis of the same source (tests/tools/lint.mk).
$(OBJ)/%.o: %.c $(OBJ)/flags.compile
	@mkdir -p $(@D)
	$(call say,CC,$<)
	$(Q)$(CC) $(CPPFLAGS_ALL) $(PKG_CFLAGS) $(CFLAGS_ALL) -MMD -MP -MT $@ -MT $(BUILD)/lint/tidy/$*.ok -c -o $@ $<
$(call objects,$(SHARED_SRC) $(CONTRACT_SRC) $(UNIT_SRC) $(BUS_SRC) $(VM_SRC) $(BENCH_SRC) $(FUZZ_SRC)): | packages-test

# Only reports, the bridge and the foot need GLib, whose headers do not bear our warnings.
REPORT_SRC := $(wildcard cli/report/*.c)
REPORT_CFLAGS = $(call once,REPORT_CFLAGS,$(patsubst -I%,-isystem %,$(shell pkg-config --cflags $(PACKAGES_REPORT) 2>/dev/null)))
$(call objects,$(REPORT_SRC)) $(patsubst %.c,$(BUILD)/lint/tidy/%.ok,$(REPORT_SRC)) \
	$(patsubst %,$(BUILD)/lint/headers/%.ok,$(wildcard cli/report/*.h)): \
		PKG_CFLAGS = $(REPORT_CFLAGS)
$(call objects,$(REPORT_SRC)): CFLAGS_ALL += -fPIC
BRIDGE_CFLAGS = $(call once,BRIDGE_CFLAGS,$(patsubst -I%,-isystem %,$(shell pkg-config --cflags $(PACKAGES_BRIDGE) 2>/dev/null)))
$(call objects,$(BRIDGE_SRC) $(FOOT_SRC)) \
	$(patsubst %.c,$(BUILD)/lint/tidy/%.ok,$(BRIDGE_SRC) $(FOOT_SRC)) \
	$(patsubst %,$(BUILD)/lint/headers/%.ok,$(wildcard tests/bridge/*.h)): \
		PKG_CFLAGS = $(BRIDGE_CFLAGS)
$(call objects,$(BRIDGE_SRC) $(FOOT_SRC)): | packages-test

# One archive a layer group; the linker takes from it what a program uses.
$(OBJ)/libdriver.a: $(call objects,$(DRIVER_SRC))
$(OBJ)/libdaemon.a: $(call objects,$(DAEMON_SRC))
$(OBJ)/libcli.a: $(call objects,$(CLI_SRC))
$(OBJ)/libgadget.a: $(call objects,$(GADGET_SRC))
$(OBJ)/libunit.a: $(call objects,$(UNIT_HELPERS) $(SHARED_SRC))
$(OBJ)/libharness.a: $(call objects,$(HARNESS_SRC) $(SHARED_SRC))
$(OBJ)/libcontract.a: $(call objects,$(CONTRACT_SRC))
$(OBJ)/libbench.a: $(call objects,$(BENCH_HELPERS))
$(OBJ)/lib%.a: $(OBJ)/sources
	$(call say,AR,$@)
	@rm -f $@
	$(Q)ar rcs $@ $(filter %.o,$^)
libs = $(patsubst %,$(OBJ)/lib%.a,$(1))
link = $(Q)$(CC) $(LDFLAGS_ALL) $(2) -o $@ $(filter %.o %.a,$^) $(1)

$(BUILD)/mnpend: $(call objects,daemon/main.c) $(call libs,daemon driver) $(OBJ)/flags.link
	$(call say,LD,$@)
	$(call link,$(LIBS_DAEMON))
$(BUILD)/mnpenctl: $(call objects,cli/main.c) $(call libs,cli driver) $(OBJ)/flags.link
	$(call say,LD,$@)
	$(call link,$(LIBS_CLI))
# Loaded by mnpenctl when there is something to draw: cli/report_load.h.
$(REPORT): $(call objects,$(REPORT_SRC)) $(OBJ)/flags.link
	$(call say,LD,$@)
	$(Q)$(CC) $(filter-out -pie,$(LDFLAGS_ALL)) -shared -Wl,-Bsymbolic -o $@ $(filter %.o,$^) $(LIBS_REPORT)
$(BUILD)/mnpen-gadget: $(call objects,tests/gadget/main.c) $(call libs,gadget driver) $(OBJ)/flags.link
	$(call say,LD,$@)
	$(call link,$(LIBS_GADGET))

# A unit test may name functions to wrap: "tests/unit/test_x.wrap" holds them, one a line.
# UNIT_LIBS=driver builds the test of one layer while another does not compile.
UNIT_LIBS ?= unit gadget cli daemon driver
wrap-flags = $(foreach f,$(if $(1),$(shell cat $(1))),-Wl,--wrap=$(f))
$(BUILD)/tests/unit/%: $(OBJ)/tests/unit/%.o $(call libs,$(UNIT_LIBS)) \
		$$(wildcard tests/unit/$$*.wrap) $(OBJ)/flags.link
	@mkdir -p $(@D)
	$(call say,LD,$@)
	$(call link,$(LIBS_TESTS),$(call wrap-flags,$(filter %.wrap,$^)))
$(BUILD)/tests/bus/%: $(OBJ)/tests/bus/%.o $(call libs,harness driver) $(OBJ)/flags.link
	@mkdir -p $(@D)
	$(call say,LD,$@)
	$(call link,$(LIBS_TESTS))
# What the bus tests run programs under that expect a USB device or a pedal of the kernel.
BRIDGE := $(BUILD)/tests/bus/bridge
FOOT := $(BUILD)/tests/bus/foot
STALLS := $(BUILD)/tests/bus/stalls
$(BUS_TESTS): | $(BRIDGE) $(BRIDGE).so $(FOOT) $(STALLS) $(BUILD)/tests/vm/contract
# Beside umockdev's, in programs of others: no sanitizer of ours comes with it.
$(BRIDGE).so: $(BRIDGE_PRELOAD_SRC) $(OBJ)/flags.compile
	@mkdir -p $(@D)
	$(call say,LD,$@)
	$(Q)$(CC) $(CPPFLAGS_ALL) $(filter-out -fPIE,-std=gnu11 $(WARNINGS) $(CFLAGS)) -fPIC -shared -Wl,-z,defs -o $@ $<
$(BRIDGE): $(call objects,$(BRIDGE_SRC)) $(call libs,driver) $(OBJ)/flags.link
	@mkdir -p $(@D)
	$(call say,LD,$@)
	$(call link,$(LIBS_BRIDGE))
$(FOOT): $(call objects,$(FOOT_SRC)) $(OBJ)/flags.link
	@mkdir -p $(@D)
	$(call say,LD,$@)
	$(call link,$(LIBS_BRIDGE))
# Beside the tests: it tells a test that failed from a machine that stood still.
$(STALLS): $(call objects,$(STALLS_SRC)) $(OBJ)/flags.link
	@mkdir -p $(@D)
	$(call say,LD,$@)
	$(call link)
# What runs inside the virtual machine beside the installed package.
$(BUILD)/tests/vm/%: $(OBJ)/tests/vm/%.o $(call libs,contract driver) $(OBJ)/flags.link
	@mkdir -p $(@D)
	$(call say,LD,$@)
	$(call link,$(LIBS_TESTS))
$(BUILD)/tests/bench/%: $(OBJ)/tests/bench/%.o $(call libs,bench harness gadget daemon driver) $(OBJ)/flags.link
	@mkdir -p $(@D)
	$(call say,LD,$@)
	$(call link,$(LIBS_TESTS))

# build/data is what --data-dir takes: the shipped data with the virtual pen's entry.
$(BUILD)/data/.stamp: $(PROFILES) $(CHECKLISTS) $(DEVICES) $(WORDS) $(OBJ)/sources
	$(call say,DATA,$(@D))
	@rm -rf $(@D) && mkdir -p $(@D)/profiles.d $(@D)/devices.d $(@D)/screening.d
	@$(if $(PROFILES),cp $(PROFILES) $(@D)/profiles.d/)
	@$(if $(CHECKLISTS),cp $(CHECKLISTS) $(@D)/screening.d/)
	@$(if $(DEVICES),cp $(DEVICES) $(@D)/devices.d/)
	@cp $(WORDS) $(@D)/
	@touch $@

# The same templates, filled in otherwise, are what the tests' buses and "make lint" take.
FILLED := @USER@=$(DAEMON_USER) @OPERATORS@=$(OPERATORS) @BINDIR@=$(prefix)/bin
$(OBJ)/flags.system: FORCE
	$(call stamp,$(FILLED))
vpath %.in daemon/data udev
$(SYSTEM_FILES): $(BUILD)/system/%: %.in $(OBJ)/flags.system
	@mkdir -p $(@D)
	$(call say,FILL,$@)
	$(Q)sed $(foreach f,$(FILLED),-e 's,$(subst =,$(,),$(f)),g') $< >$@
, := ,

# --- installing ---

# put FILES DIRECTORY: nothing when there are no such files
put = $(if $(strip $(1)),install -d '$(DESTDIR)$(2)' && install -m 644 $(1) '$(DESTDIR)$(2)')
# put-as FILE DIRECTORY/NAME
put-as = install -D -m 644 $(1) '$(DESTDIR)$(2)'
MAN_SECTIONS := $(sort $(patsubst .%,%,$(suffix $(wildcard docs/man/*.[1-8]))))
share := $(prefix)/share

.PHONY: install
install: all ## install below $(DESTDIR)$(prefix), prefix being /usr; leaves /etc alone
	install -d '$(DESTDIR)$(prefix)/bin'
	install -m 755 $(PROGRAMS) '$(DESTDIR)$(prefix)/bin'
	$(call put-as,$(REPORT),$(prefix)/lib/mnpen/report.so)
	$(call put,$(PROFILES),$(share)/mnpen/profiles.d)
	$(call put,$(CHECKLISTS),$(share)/mnpen/screening.d)
	$(call put,$(DEVICES),$(share)/mnpen/devices.d)
	$(call put,$(WORDS),$(share)/mnpen)
	$(call put,$(BUILD)/system/mnpend.service,$(libdir_boot)/systemd/system)
	$(call put-as,$(BUILD)/system/mnpen.sysusers,$(prefix)/lib/sysusers.d/mnpen.conf)
	$(call put,$(BUILD)/system/72-mnpen.rules,$(libdir_boot)/udev/rules.d)
	$(call put,udev/70-mnpen-pedal.hwdb,$(libdir_boot)/udev/hwdb.d)
	$(call put-as,daemon/data/mnpen.modprobe,$(libdir_boot)/modprobe.d/mnpen.conf)
	$(call put,$(BUILD)/system/org.mnpen1.conf,$(share)/dbus-1/system.d)
	$(call put,$(BUILD)/system/org.mnpen1.service,$(share)/dbus-1/system-services)
	$(call put,$(wildcard daemon/api/*.xml),$(share)/dbus-1/interfaces)
	$(call put,$(BUILD)/system/org.mnpen1.policy,$(share)/polkit-1/actions)
	$(call put,$(BUILD)/system/org.mnpen1.rules,$(share)/polkit-1/rules.d)
	$(call put,cli/completion/mnpenctl,$(share)/bash-completion/completions)
	$(call put,README.md $(wildcard docs/*.md) docs/mnpenctl.schema.json,$(share)/doc/mnpen)
	$(call put,daemon/data/mnpend.conf,$(share)/doc/mnpen/examples)
	$(call put-as,tests/demo/answers,$(share)/doc/mnpen/examples/answers)
	$(call put,tests/gadget/README.md,$(share)/doc/mnpen-gadget)
	$(call put,$(wildcard tests/gadget/scenarios/*.scenario),$(share)/doc/mnpen-gadget/examples)
	$(foreach n,$(MAN_SECTIONS),$(call put,$(wildcard docs/man/*.$(n)),$(share)/man/man$(n)) &&) true

# Not part of "all": it needs kernel headers, and nothing else here does.
.PHONY: kmod
kmod: ## the kernel guard mnpen.ko into build/kmod, for this kernel or KERNEL=VERSION
	@$(TOOLS)/kmod $(if $(KERNEL),-k $(KERNEL)) W=1

.PHONY: deb
deb: ## the Debian packages mnpen, mnpen-gadget and mnpen-dkms, into build/deb
	@$(TOOLS)/deps install build package
	+@JOBS=$(JOBS) $(TOOLS)/deb

include $(TOOLS)/lint.mk
include $(TOOLS)/fuzz.mk
-include $(shell [ -d $(OBJ) ] && find $(OBJ) -name '*.d')
