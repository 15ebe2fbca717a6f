# SPDX-License-Identifier: GPL-2.0-only
#
# The checks that look at one file at a time, as rules: a file is looked at again only when it, a
# header it includes or the settings changed. Included by the Makefile, called by tests/tools/lint.

LINT := $(BUILD)/lint
TIDY_SETTINGS := $(wildcard .clang-tidy tests/*/.clang-tidy)
HEADERS := $(shell find driver daemon cli tests -name '*.h' ! -path 'driver/kmod/*')

# Tests are many and long, and the analyzer cannot know that a failed assertion never returns: it looks
# at each of their functions for itself.
$(LINT)/tidy/tests/unit/%.ok $(LINT)/tidy/tests/bus/%.ok: \
	TIDY_FLAGS := -Xclang -analyzer-config -Xclang mode=shallow

# Depends on headers through the object's dependency file.
$(LINT)/tidy/%.ok: %.c $(TIDY_SETTINGS) $(OBJ)/flags.compile
	@mkdir -p $(@D)
	$(call say,TIDY,$<)
	$(Q)clang-tidy --quiet --warnings-as-errors='*' $< -- $(CPPFLAGS_ALL) $(PKG_CFLAGS) -std=gnu11 \
		$(TIDY_FLAGS) 2>/dev/null
	@touch $@
$(LINT)/tidy.ok: $(patsubst %.c,$(LINT)/tidy/%.ok,$(sort $(ALL_SRC)))
	@touch $@

# Every header compiles alone, so that the order of includes never matters.
$(LINT)/headers/%.ok: % $(OBJ)/flags.compile
	@mkdir -p $(@D)
	$(call say,HEADER,$<)
	$(Q)$(CC) $(CPPFLAGS_ALL) $(PKG_CFLAGS) $(CFLAGS_ALL) -MMD -MP -MT $@ -MF $(@:.ok=.d) -fsyntax-only \
		-x c $<
	@touch $@
$(LINT)/headers.ok: $(patsubst %,$(LINT)/headers/%.ok,$(HEADERS))
	@touch $@

-include $(shell [ -d $(LINT)/headers ] && find $(LINT)/headers -name '*.d')
