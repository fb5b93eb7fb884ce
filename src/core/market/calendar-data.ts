/** One year of the Hong Kong securities calendar. Dates are Hong Kong days, YYYY-MM-DD. */
export interface CalendarYear {
  /** Weekdays without trading: public holidays. */
  closed: readonly string[]
  /** Days that end at 12:00 (12:10 with the closing auction). */
  half: readonly string[]
  /** Days lost to typhoon or black rain (until 2024-09-22; trading goes on regardless since). */
  weather_closed?: readonly string[]
  /** Days that opened late without an opening auction: day to the time trading began. */
  weather_late?: Readonly<Record<string, string>>
}

export type CalendarYears = Readonly<Record<string, CalendarYear>>

/** Public holidays and half days as HKEX announced them; 2027 follows the government's holiday list. */
export const HONG_KONG_YEARS: CalendarYears = {
  '2023': {
    closed: [
      '2023-01-02',
      '2023-01-23',
      '2023-01-24',
      '2023-01-25',
      '2023-04-05',
      '2023-04-07',
      '2023-04-10',
      '2023-05-01',
      '2023-05-26',
      '2023-06-22',
      '2023-10-02',
      '2023-10-23',
      '2023-12-25',
      '2023-12-26',
    ],
    half: [],
    weather_closed: ['2023-07-17', '2023-09-01', '2023-09-08'],
    weather_late: { '2023-10-09': '14:00' },
  },
  '2024': {
    closed: [
      '2024-01-01',
      '2024-02-12',
      '2024-02-13',
      '2024-03-29',
      '2024-04-01',
      '2024-04-04',
      '2024-05-01',
      '2024-05-15',
      '2024-06-10',
      '2024-07-01',
      '2024-09-18',
      '2024-10-01',
      '2024-10-11',
      '2024-12-25',
      '2024-12-26',
    ],
    half: ['2024-02-09', '2024-12-24', '2024-12-31'],
    weather_closed: ['2024-09-06'],
  },
  '2025': {
    closed: [
      '2025-01-01',
      '2025-01-29',
      '2025-01-30',
      '2025-01-31',
      '2025-04-04',
      '2025-04-18',
      '2025-04-21',
      '2025-05-01',
      '2025-05-05',
      '2025-07-01',
      '2025-10-01',
      '2025-10-07',
      '2025-10-29',
      '2025-12-25',
      '2025-12-26',
    ],
    half: ['2025-01-28', '2025-12-24', '2025-12-31'],
  },
  '2026': {
    closed: [
      '2026-01-01',
      '2026-02-17',
      '2026-02-18',
      '2026-02-19',
      '2026-04-03',
      '2026-04-06',
      '2026-04-07',
      '2026-05-01',
      '2026-05-25',
      '2026-06-19',
      '2026-07-01',
      '2026-10-01',
      '2026-10-19',
      '2026-12-25',
    ],
    half: ['2026-02-16', '2026-12-24', '2026-12-31'],
  },
  '2027': {
    closed: [
      '2027-01-01',
      '2027-02-08',
      '2027-02-09',
      '2027-03-26',
      '2027-03-29',
      '2027-04-05',
      '2027-05-13',
      '2027-06-09',
      '2027-07-01',
      '2027-09-16',
      '2027-10-01',
      '2027-10-08',
      '2027-12-27',
    ],
    half: ['2027-02-05', '2027-12-24', '2027-12-31'],
  },
}
