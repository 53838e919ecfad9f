package ring

import (
	"strings"
	"testing"
	"time"
)

func TestOptions(t *testing.T) {
	good := Options{Interfaces: []string{"eth0"}}
	o, err := good.filled()
	if err != nil || o.Bytes != DefaultBytes || o.Block != DefaultBlock || o.Fanout != 1 || o.Wait != DefaultWait {
		t.Errorf("%+v %v", o, err)
	}
	for want, change := range map[string]func(*Options){
		"no interface":  func(o *Options) { o.Interfaces = nil },
		"named twice":   func(o *Options) { o.Interfaces = []string{"a", "a"} },
		"no name of":    func(o *Options) { o.Interfaces = []string{"../../etc"} },
		"a wait of":     func(o *Options) { o.Wait = time.Second },
		"power of two":  func(o *Options) { o.Block = 1000 },
		"two blocks":    func(o *Options) { o.Bytes, o.Block = 1<<20, 1<<20 },
		"rings for an":  func(o *Options) { o.Fanout = -1 },
		"at most 64 ca": func(o *Options) { o.Interfaces = make([]string, 65) },
	} {
		o := good
		change(&o)
		if _, err := o.filled(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v", want, err)
		}
	}
}
