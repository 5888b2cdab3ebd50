/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Reads date and time from the CMOS clock (Motorola MC146818) once while
 * booting. It is taken to run in UTC, as Xen does; afterwards it is Domain 0's.
 */
#include "machine/time_internal.h"
#include "machine/x86.h"

#define CMOS_INDEX 0x70
#define CMOS_DATA 0x71
enum rtc_register {
    RTC_SECOND = 0,
    RTC_MINUTE = 2,
    RTC_HOUR = 4,
    RTC_DAY = 7,
    RTC_MONTH = 8,
    RTC_YEAR = 9,
    RTC_STATUS_A = 10,
    RTC_STATUS_B = 11,
};
#define STATUS_A_UPDATING 0x80
#define STATUS_B_24_HOURS 0x02
#define STATUS_B_BINARY 0x04
#define HOUR_PM 0x80
#define UPDATE_WAIT_ROUNDS 100000
#define READ_TRIES 5

struct rtc_time {
    u8 second, minute, hour, day, month, year;
};

static u8 cmos_read(enum rtc_register reg)
{
    outb(CMOS_INDEX, reg);
    return inb(CMOS_DATA);
}

static struct rtc_time read_once(void)
{
    for (unsigned i = 0; i < UPDATE_WAIT_ROUNDS && (cmos_read(RTC_STATUS_A) & STATUS_A_UPDATING); i++)
        __asm__ __volatile__("pause");
    return (struct rtc_time){
        .second = cmos_read(RTC_SECOND), .minute = cmos_read(RTC_MINUTE), .hour = cmos_read(RTC_HOUR),
        .day = cmos_read(RTC_DAY), .month = cmos_read(RTC_MONTH), .year = cmos_read(RTC_YEAR),
    };
}

static unsigned decode(u8 v, bool binary)
{
    return binary ? v : (v >> 4) * 10u + (v & 15);
}

static unsigned decode_hour(u8 v, u8 status)
{
    unsigned hour = decode(v & (u8)~HOUR_PM, status & STATUS_B_BINARY);

    if (status & STATUS_B_24_HOURS)
        return decode(v, status & STATUS_B_BINARY);
    return hour % 12 + (v & HOUR_PM ? 12 : 0);
}

/* Two readings must agree, or an update came between. */
u64 rtc_read(void)
{
    struct rtc_time t = read_once(), again;
    u8 status = cmos_read(RTC_STATUS_B);
    bool binary = status & STATUS_B_BINARY, same = false;
    unsigned year;

    for (unsigned i = 0; i < READ_TRIES && !same; i++) {
        again = read_once();
        same = again.second == t.second && again.minute == t.minute && again.hour == t.hour && again.day == t.day;
        t = again;
    }
    year = decode(t.year, binary);
    return time_of_date(year + (year < 70 ? 2000 : 1900), decode(t.month, binary), decode(t.day, binary),
                        decode_hour(t.hour, status), decode(t.minute, binary), decode(t.second, binary));
}
