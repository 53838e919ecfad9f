package record_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"candor/internal/record"
)

func TestCarriesMerge(t *testing.T) {
	minute := func(c record.Carries) record.Sight {
		return record.Sight{Span: record.Span{From: record.Minute, To: 2 * record.Minute}, Minutes: 1, Carries: c}
	}
	for name, c := range map[string]struct {
		a, b record.Sight
		want record.Carries
	}{
		"both":          {minute(record.CarriesConns | record.CarriesAcks), minute(record.CarriesConns), record.CarriesConns},
		"into nothing":  {record.Sight{}, minute(record.CarriesAll), record.CarriesAll},
		"nothing added": {minute(record.CarriesAcks), record.Sight{}, record.CarriesAcks},
		"none shared":   {minute(record.CarriesAcks), minute(record.CarriesDHCP), 0},
	} {
		t.Run(name, func(t *testing.T) {
			got := c.a
			got.Merge(&c.b)
			if got.Carries != c.want {
				t.Errorf("carries %v, want %v", got.Carries.Names(), c.want.Names())
			}
		})
	}
}

func TestCarriesNames(t *testing.T) {
	if diff := cmp.Diff([]string{"conns", "alerts"}, (record.CarriesConns | record.CarriesAlerts).Names()); diff != "" {
		t.Error(diff)
	}
	if n := len(record.CarriesAll.Names()); n != 16 {
		t.Errorf("%d names, want 16", n)
	}
}
