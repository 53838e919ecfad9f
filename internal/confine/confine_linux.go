package confine

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"syscall"
	"unsafe"

	"github.com/landlock-lsm/go-landlock/landlock"
	landsys "github.com/landlock-lsm/go-landlock/landlock/syscall"
	"golang.org/x/sys/unix"
	"kernel.org/pub/linux/libs/security/libcap/psx"
)

// Confine takes away from all threads of the process what it will not need any more. It cannot be undone. What the kernel
// does not have (landlock before 5.13, or switched off) is left out and missing in the report; everything else that fails is
// an error, after which the process should end: it may be half confined.
func Confine(l Limits) (Report, error) {
	if l.UID < 0 || l.GID < 0 || (l.UID == 0) != (l.GID == 0) {
		return Report{}, fmt.Errorf("confine: user %d with group %d: give both, neither of them root", l.UID, l.GID)
	}
	if err := all(unix.PR_SET_NO_NEW_PRIVS, 1); err != nil {
		return Report{}, fmt.Errorf("confine: set no_new_privs: %w", err)
	}
	if err := files(l); err != nil {
		return Report{}, fmt.Errorf("confine: restrict files: %w", err)
	}
	if err := dropBounds(); err != nil {
		return Report{}, fmt.Errorf("confine: drop capabilities: %w", err)
	}
	if l.UID != 0 {
		if err := become(l.UID, l.GID); err != nil {
			return Report{}, fmt.Errorf("confine: become user %d, which needs root: %w", l.UID, err)
		}
	}
	if err := dropCapabilities(); err != nil {
		return Report{}, fmt.Errorf("confine: drop capabilities: %w", err)
	}
	return report()
}

// all is prctl on every thread, with and without cgo.
func all(option, value uintptr) error {
	if _, _, errno := psx.Syscall6(unix.SYS_PRCTL, option, value, 0, 0, 0, 0); errno != 0 {
		return errno
	}
	return nil
}

// files limits paths by landlock. Devices and sockets on the net are not touched.
func files(l Limits) error {
	var rules []landlock.Rule
	add := func(paths []string, dirs, files func(...string) landlock.FSRule) error {
		for _, path := range paths {
			info, err := os.Stat(path)
			switch {
			case errors.Is(err, os.ErrNotExist):
			case err != nil:
				return err
			case info.IsDir():
				rules = append(rules, dirs(path))
			default:
				rules = append(rules, files(path))
			}
		}
		return nil
	}
	if err := add(l.Read, landlock.RODirs, landlock.ROFiles); err != nil {
		return err
	}
	refer := func(paths ...string) landlock.FSRule { return landlock.RWDirs(paths...).WithRefer() } // renaming between folders
	if err := add(l.Write, refer, landlock.RWFiles); err != nil {
		return err
	}
	return landlock.V7.BestEffort().RestrictPaths(rules...)
}

// dropBounds takes away what a program that is started could get.
func dropBounds() error {
	if err := all(unix.PR_CAP_AMBIENT, unix.PR_CAP_AMBIENT_CLEAR_ALL); err != nil && !errors.Is(err, unix.EINVAL) {
		return err
	}
	for c := uintptr(0); c <= 63; c++ {
		err := all(unix.PR_CAPBSET_DROP, c)
		if errors.Is(err, unix.EINVAL) { // the kernel has no more
			return nil
		}
		if errors.Is(err, unix.EPERM) { // without CAP_SETPCAP; no_new_privs holds
			return nil
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// become changes user and group of all threads; Go's own calls see to that.
func become(uid, gid int) error {
	if err := syscall.Setgroups(nil); err != nil {
		return err
	}
	if err := syscall.Setresgid(gid, gid, gid); err != nil {
		return err
	}
	return syscall.Setresuid(uid, uid, uid)
}

// dropCapabilities empties all three sets of all threads.
func dropCapabilities() error {
	header := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	var none [2]unix.CapUserData
	_, _, errno := psx.Syscall3(unix.SYS_CAPSET, uintptr(unsafe.Pointer(&header)), uintptr(unsafe.Pointer(&none[0])), 0)
	if errno != 0 {
		return errno
	}
	return nil
}

// report asks the kernel what holds.
func report() (Report, error) {
	header := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	var data [2]unix.CapUserData
	if err := unix.Capget(&header, &data[0]); err != nil {
		return Report{}, fmt.Errorf("confine: ask for capabilities: %w", err)
	}
	nnp, err := unix.PrctlRetInt(unix.PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0)
	if err != nil {
		return Report{}, fmt.Errorf("confine: ask for no_new_privs: %w", err)
	}
	version, err := landsys.LandlockGetABIVersion()
	return Report{
		Files: err == nil && version > 0, NoNewPrivs: nnp == 1, User: os.Geteuid(),
		Capabilities: strconv.FormatUint(uint64(data[1].Effective)<<32|uint64(data[0].Effective), 16),
	}, nil
}
