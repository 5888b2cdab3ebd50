# SPDX-License-Identifier: GPL-2.0-only
# Links the hypervisor, included by hypervisor/Makefile: objects -> ELF64 without
# and then with the symbol table for backtraces -> 32-bit ELF for boot loaders.

HOSTCC ?= gcc
TOOLS := $(OBJ)/tools
PF2 ?= /usr/share/grub/ascii.pf2
GENERATED := $(OBJ)/generated

$(TOOLS)/%: $(TOP)/boot/tools/%.c
	@mkdir -p $(@D)
	@$(HOSTCC) -std=gnu11 -O1 -Wall -Wextra -Werror -o $@ $<

# The letters of the graphical console come from GRUB's font (GNU Unifont).
$(GENERATED)/font_data.c: $(TOOLS)/mkfont $(PF2)
	@mkdir -p $(@D)
	@$(TOOLS)/mkfont $(PF2) > $@.new && mv $@.new $@

FONT_OBJ := $(OBJ)/generated/font_data.o
$(FONT_OBJ): $(GENERATED)/font_data.c | $(OBJ)/include/xen
	@$(CC) $(CPPFLAGS) $(CFLAGS) -c -o $@ $<

$(OBJ)/hypervisor.lds: $(TOP)/boot/hypervisor.lds.in
	@mkdir -p $(@D)
	@$(CC) -E -P -D__ASSEMBLY__ -MMD -MP -MT $@ -MF $(OBJ)/hypervisor.lds.d -I$(TOP) -I$(TOP)/include -x assembler-with-cpp -o $@ $<

LINK := ld -static -nostdlib -z max-page-size=4096 -z noexecstack --no-warn-rwx-segments --gc-sections --build-id=sha1 \
    --orphan-handling=error -T $(OBJ)/hypervisor.lds $(LINK_EXTRA)

# First with an empty table, then with that of the first result: the table lies behind all text, which does not move.
$(GENERATED)/symbols_empty.S: $(TOP)/boot/tools/symbol-table
	@mkdir -p $(@D)
	@sh $< < /dev/null > $@

$(GENERATED)/symbols.S: $(OBJ)/pass1.elf $(TOP)/boot/tools/symbol-table
	@nm -n $< | sh $(TOP)/boot/tools/symbol-table > $@.new && mv $@.new $@

$(GENERATED)/%.o: $(GENERATED)/%.S
	@$(CC) -c -o $@ $<

$(OBJ)/pass1.elf: $(OBJS) $(FONT_OBJ) $(GENERATED)/symbols_empty.o $(OBJ)/hypervisor.lds
	@echo "  LD $(@F)"
	@$(LINK) -o $@ $(filter %.o,$^)

$(OBJ)/hospes.elf: $(OBJS) $(FONT_OBJ) $(GENERATED)/symbols.o $(OBJ)/hypervisor.lds
	@echo "  LD $(@F)"
	@$(LINK) -o $@ $(filter %.o,$^)

$(IMAGE): $(OBJ)/hospes.elf $(TOOLS)/mkimage
	@mkdir -p $(@D)
	@$(TOOLS)/mkimage $< $@

-include $(OBJ)/hypervisor.lds.d
