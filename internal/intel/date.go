package intel

import (
	"strconv"
	"strings"
	"time"

	"candor/internal/record"
)

// minutes is a time in minutes since 1970, 0 for none.
func minutes(t record.Time) uint32 {
	if t < record.FirstTime || t > record.LastTime {
		return 0
	}
	return uint32(t/record.Minute) + 1 // the first minute is not 0
}

// fromMinutes undoes minutes, exact to the minute.
func fromMinutes(m uint32) record.Time {
	if m == 0 {
		return 0
	}
	return record.Time(m-1) * record.Minute
}

// parseDate reads the dates that lists use: RFC 3339, "2025-11-20 08:31:04", "2025-11-20", "2025/11/20", RFC 1123, Unix
// seconds (with fraction, as Zeek writes) or milliseconds. Without a zone UTC is meant. 0 when it is none.
func parseDate(s string) record.Time {
	s = strings.TrimSpace(strings.Trim(strings.TrimSpace(s), `"'`))
	if len(s) < 8 || len(s) > 40 {
		return 0
	}
	if whole, _, _ := strings.Cut(s, "."); len(whole) >= 9 && len(whole) <= 13 && allDigits(whole) {
		n, err := strconv.ParseInt(whole, 10, 64)
		if err != nil {
			return 0
		}
		if len(whole) > 11 {
			n /= 1000
		}
		return believable(time.Unix(n, 0))
	}
	s = strings.TrimSuffix(strings.TrimSuffix(s, " UTC"), " (UTC)")
	layouts := [...]string{
		time.RFC3339, "2006-01-02 15:04:05", "2006-01-02T15:04:05", "2006-01-02T15:04:05-0700", "2006-01-02 15:04", "2006-01-02", "2006/01/02",
		"2006/01/02 15:04:05", time.RFC1123, time.RFC1123Z, "Mon, 02 Jan 2006 15:04:05", "Mon Jan _2 15:04:05 2006", "02 Jan 2006",
	}
	for _, layout := range layouts {
		if t, err := time.Parse(layout, s); err == nil {
			return believable(t)
		}
	}
	return 0
}

func believable(t time.Time) record.Time {
	if r := record.TimeOf(t); r >= record.FirstTime && r <= record.LastTime {
		return r
	}
	return 0
}

// headDate finds the date in a comment such as "Last updated: 2025-11-20 08:31:04 UTC"; 0 when there is none.
func headDate(comment string) record.Time {
	comment = strings.TrimSpace(strings.Trim(comment, "#;/!* \t\""))
	key, value, ok := strings.Cut(comment, ":")
	if !ok || len(key) > 40 {
		return 0
	}
	key = strings.ToLower(key)
	for _, word := range [...]string{"updated", "modified", "update", "generated", "created", "exported", "date"} {
		if strings.Contains(key, word) {
			return parseDate(value)
		}
	}
	return 0
}
