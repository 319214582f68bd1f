/** The codes of problems in calendars; the others are in `core/load`. */
export const CALENDAR_PROBLEM_CODES: {
  readonly [code: string]: { readonly meaning: string; readonly remedy: string };
} = {
  'calendar-event': {
    meaning:
      'An event of a calendar lacks something that it needs, or has something twice or that excludes something else.',
    remedy:
      'Give it one UID, one DTSTART and one of DTEND and DURATION; RFC 5545 says what a VEVENT is made of.',
  },
  'calendar-limit': {
    meaning:
      'A calendar is larger than a gate needs to be: 1,000 events, 100 of them recurring, 2,000 single dates, recurring events of at most 92 days.',
    remedy: 'Split it: an association may name several calendars, and all must be open.',
  },
  'calendar-no-events': {
    meaning:
      'A calendar has no event that counts, so a DEFAULT_OPEN one is always open, and a DEFAULT_CLOSED one never.',
    remedy: 'Add an event; advisory and cancelled ones do not count.',
  },
  'calendar-no-length': {
    meaning:
      'An event begins and ends at the same instant, so it neither opens nor closes anything.',
    remedy: 'Add a DTEND or a DURATION.',
  },
  'calendar-rule': {
    meaning:
      'An RRULE cannot be read, or asks for more than days: FREQ is DAILY, WEEKLY, MONTHLY or YEARLY, and an occurrence keeps its time of day.',
    remedy: 'Write a rule of these, each number in its range, or several events.',
  },
  'calendar-rule-start': {
    meaning:
      'The DTSTART of a recurring event is no time that its own rule gives. It counts as an occurrence, as in most programs.',
    remedy: 'Begin at the first time that the rule gives.',
  },
  'calendar-syntax': {
    meaning: 'The file is no iCalendar 2.0: a line cannot be read, or BEGIN and END do not pair.',
    remedy: 'Export the calendar again, or repair the line.',
  },
  'calendar-time': {
    meaning:
      'A date or time cannot be read, does not exist, ends before it begins, or is of another kind than the DTSTART that it goes with.',
    remedy: 'Write 20260131T120000Z, or 20260131T120000 with a TZID that the file or IANA knows.',
  },
  'calendar-type': {
    meaning:
      'The calendar does not say what its events do: X-CALENDAR-TYPE is missing or neither DEFAULT_OPEN nor DEFAULT_CLOSED. Nothing is assumed, because the wrong guess turns every event into its opposite.',
    remedy:
      'Add X-CALENDAR-TYPE:DEFAULT_OPEN (events close it) or DEFAULT_CLOSED (events open it) below BEGIN:VCALENDAR.',
  },
  'calendar-unused': {
    meaning:
      'An EXDATE or RECURRENCE-ID names no occurrence of its event, so it takes nothing away.',
    remedy: 'Compare its time and its zone with the DTSTART.',
  },
  'calendar-zone': {
    meaning:
      'A time zone of a calendar is neither one of IANA nor defined by a VTIMEZONE that can be read.',
    remedy: 'Write an IANA name such as Europe/Berlin.',
  },
};
