# SPDX-License-Identifier: GPL-2.0-only
#
# Fuzz harnesses: tests/fuzz/fuzz_NAME.c becomes $(BUILD)/fuzz/NAME. They need clang's libFuzzer, so
# everything that they exercise is compiled a second time, apart from the ordinary objects.
# Included by the Makefile, called by tests/tools/fuzz.

FUZZ_DIR := $(BUILD)/fuzz
FUZZ_CC ?= clang
FUZZ_FLAGS := -O1 -g -fno-omit-frame-pointer -fno-sanitize-recover=undefined -pthread
FUZZ_CFLAGS := -std=gnu11 $(WARNINGS) $(FUZZ_FLAGS) -fsanitize=fuzzer-no-link,address,undefined
FUZZ_LDFLAGS := $(FUZZ_FLAGS) -fsanitize=fuzzer,address,undefined
fuzz-objects = $(patsubst %.c,$(FUZZ_DIR)/obj/%.o,$(1))
fuzz-libs = $(patsubst %,$(FUZZ_DIR)/obj/lib%.a,$(1))

$(FUZZ_DIR)/flags: FORCE | packages
	$(call stamp,$(FUZZ_CC) $(CPPFLAGS_ALL) $(PKG_CFLAGS) $(FUZZ_CFLAGS) $(LIBS_TESTS))
$(FUZZ_DIR)/obj/%.o: %.c $(FUZZ_DIR)/flags
	@mkdir -p $(@D)
	$(call say,FUZZCC,$<)
	$(Q)$(FUZZ_CC) $(CPPFLAGS_ALL) $(PKG_CFLAGS) $(FUZZ_CFLAGS) -MMD -MP -c -o $@ $<

$(call fuzz-libs,fuzz): $(call fuzz-objects,$(FUZZ_HELPERS) tests/shared/policy_pen.c)
$(call fuzz-libs,driver): $(call fuzz-objects,$(DRIVER_SRC))
$(call fuzz-libs,daemon): $(call fuzz-objects,$(wildcard daemon/conf/*.c daemon/pen/*.c \
	daemon/policy/*.c) daemon/store/block.c)
$(call fuzz-libs,gadget): $(call fuzz-objects,$(GADGET_SRC))
$(FUZZ_DIR)/obj/lib%.a: $(OBJ)/sources
	@rm -f $@
	$(Q)ar rcs $@ $(filter %.o,$^)

# "tests/fuzz/fuzz_x.wrap" names functions to wrap, as with the unit tests, and FUZZ_LIBS="fuzz driver"
# builds a harness while another layer does not compile.
FUZZ_LIBS ?= fuzz gadget daemon driver
$(FUZZERS): $(FUZZ_DIR)/%: $(FUZZ_DIR)/obj/tests/fuzz/fuzz_%.o $(call fuzz-libs,$(FUZZ_LIBS)) \
		$$(wildcard tests/fuzz/fuzz_$$*.wrap) $(FUZZ_DIR)/flags
	$(call say,LD,$@)
	$(Q)$(FUZZ_CC) $(FUZZ_LDFLAGS) $(call wrap-flags,$(filter %.wrap,$^)) -o $@ \
		$(filter %.o %.a,$^) $(LIBS_TESTS)

-include $(shell [ -d $(FUZZ_DIR)/obj ] && find $(FUZZ_DIR)/obj -name '*.d')
