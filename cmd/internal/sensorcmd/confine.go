package sensorcmd

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/user"
	"path/filepath"
	"strconv"

	"candor/internal/confine"
)

// confine gives up what a sensor does not need once its interfaces are open. What the machine cannot take away is said.
func (c *Sensor) confine(w *World) error {
	if !c.Confine || len(c.Interface) == 0 {
		return nil
	}
	l := confine.Limits{Read: []string{"/sys/class/net", "/sys/devices", "/etc", "/proc/self"}, Write: []string{c.Dir}}
	if c.Tee != "" {
		l.Write = append(l.Write, c.Tee)
	}
	if c.User != "" {
		var err error
		if l.UID, l.GID, err = owner(c.User); err != nil {
			return err
		}
		if err := give(c.Dir, l.UID, l.GID); err != nil {
			return fmt.Errorf("give the sensor's folder to %s: %w", c.User, err)
		}
	}
	r, err := confine.Confine(l)
	if err != nil {
		return err
	}
	w.Log.Info("confined", "report", fmt.Sprintf("%+v", r))
	return nil
}

// owner is a user's numbers.
func owner(name string) (uid, gid int, err error) {
	u, err := user.Lookup(name)
	if err != nil {
		return 0, 0, &UsageError{fmt.Errorf("--user %s: %w", name, err)}
	}
	uid, err1 := strconv.Atoi(u.Uid)
	gid, err2 := strconv.Atoi(u.Gid)
	if err := errors.Join(err1, err2); err != nil {
		return 0, 0, fmt.Errorf("--user %s: %w", name, err)
	}
	if uid == 0 {
		return 0, 0, &UsageError{errors.New("--user root gives up nothing: name another user")}
	}
	return uid, gid, nil
}

// give gives a folder and what is in it to a user.
func give(dir string, uid, gid int) error {
	return filepath.WalkDir(dir, func(path string, _ fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		return os.Lchown(path, uid, gid)
	})
}
