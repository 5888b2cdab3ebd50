/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef HV_CONTROL_GUEST_STATE_H
#define HV_CONTROL_GUEST_STATE_H

/*
 * Prints which guest this CPU was running and its registers. For panics: takes no locks, believes
 * no pointer of the guest.
 */
void guest_state_print(void);

#endif
