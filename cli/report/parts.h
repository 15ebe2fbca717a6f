/* SPDX-License-Identifier: GPL-2.0-only */
/* What a report is made of beside the plot, each below the one before. */
#ifndef MNPEN_REPORT_PARTS_H
#define MNPEN_REPORT_PARTS_H

#include "cli/report/page.h"

void part_head(struct page *page);
void part_totals(struct page *page);
/** part_marks() - the list that the numbers in the plot refer to */
void part_marks(struct page *page);
void part_notes(struct page *page);
void part_card(struct page *page);

#endif
