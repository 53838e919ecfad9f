package store

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"time"

	"candor/internal/block"
	"candor/internal/record"
)

// backupSchema names the form of a backup.
const backupSchema = "candor/backup/v1"

// backupFile is the list of a backup: written last, so that a backup without it is not whole.
const backupFile = "BACKUP.json"

// maxBackupTries bounds how often a backup looks again after the hub let go of folders meanwhile.
const maxBackupTries = 5

// BackupInfo says what a backup holds.
type BackupInfo struct {
	Schema    string `json:"schema"`
	Made      string `json:"made"` // RFC 3339
	DB        string `json:"db_sha256"`
	Blocks    int    `json:"blocks"`
	Folders   int    `json:"folders"`
	Rows      int64  `json:"rows"`
	Bytes     int64  `json:"bytes"`
	Snapshots int    `json:"snapshots"`
	Missing   int    `json:"missing"` // folders that could not be read already, and are not in it
}

// Backup makes a consistent copy of the store in from into the new folder to, also while a hub runs there. Blocks are linked where both are on
// one file system, else copied. It holds everything that was acknowledged when it began.
func Backup(ctx context.Context, from, to string, now time.Time) (BackupInfo, error) {
	info, err := backup(ctx, realDisk(), from, to, now)
	if err != nil {
		return info, fmt.Errorf("back up %s into %s: %w", from, to, err)
	}
	return info, nil
}

func backup(ctx context.Context, d disk, from, to string, now time.Time) (BackupInfo, error) {
	info := BackupInfo{Schema: backupSchema, Made: now.UTC().Format(time.RFC3339)}
	if err := emptyDir(&d, to); err != nil {
		return info, err
	}
	copied := filepath.Join(to, dbFile)
	var err error
	for range maxBackupTries {
		if err = vacuumInto(ctx, filepath.Join(from, dbFile), copied); err != nil {
			return info, err
		}
		err = eachKept(ctx, copied, func(k kept) error { return k.copyTo(&d, from, to) })
		if !errors.Is(err, os.ErrNotExist) {
			break
		}
		if err := os.Remove(copied); err != nil { // a folder was let go of since: look again
			return info, err
		}
	}
	if err != nil {
		return info, err
	}
	if err := syncTree(&d, to); err != nil {
		return info, err
	}
	if err := info.count(ctx, copied); err != nil {
		return info, err
	}
	if info.DB, err = fileSum(copied); err != nil {
		return info, err
	}
	return info, d.writeFile(filepath.Join(to, backupFile), func(w io.Writer) error { return json.NewEncoder(w).Encode(info) })
}

// Restore checks a backup whole, every byte of it, and copies it into the empty folder to. A backup with a single byte changed is ErrDamaged.
func Restore(ctx context.Context, from, to string) (BackupInfo, error) {
	info, err := restore(ctx, realDisk(), from, to)
	if err != nil {
		return info, fmt.Errorf("restore %s into %s: %w", from, to, err)
	}
	return info, nil
}

func restore(ctx context.Context, d disk, from, to string) (BackupInfo, error) {
	var info BackupInfo
	text, err := os.ReadFile(filepath.Join(from, backupFile))
	if err == nil {
		err = json.Unmarshal(text, &info)
	}
	if err != nil || info.Schema != backupSchema {
		return info, fmt.Errorf("%w: %s is no whole backup: %w", ErrDamaged, backupFile, errors.Join(err, errors.New("its schema is "+info.Schema)))
	}
	db := filepath.Join(from, dbFile)
	if sum, err := fileSum(db); err != nil || sum != info.DB {
		return info, errors.Join(fmt.Errorf("%w: %s is not what was backed up", ErrDamaged, dbFile), err)
	}
	if err := emptyDir(&d, to); err != nil {
		return info, err
	}
	copied := filepath.Join(to, dbFile)
	if err := copyFile(db, copied); err != nil {
		return info, err
	}
	err = eachKept(ctx, copied, func(k kept) error {
		if err := k.copyTo(&d, from, to); err != nil {
			return err
		}
		return k.check(to)
	})
	if err != nil {
		return info, errors.Join(err, os.Remove(copied)) // so that nothing opens what is not whole
	}
	var got BackupInfo
	if err := got.count(ctx, copied); err != nil {
		return info, err
	}
	if got.Blocks != info.Blocks || got.Rows != info.Rows || got.Folders != info.Folders || got.Snapshots != info.Snapshots {
		return info, fmt.Errorf("%w: it has %+v, its list says %+v", ErrDamaged, got, info)
	}
	return info, syncTree(&d, to)
}

// count counts what is in a copy of the SQLite file.
func (i *BackupInfo) count(ctx context.Context, path string) error {
	db, err := openCopy(path)
	if err != nil {
		return err
	}
	err = db.QueryRowContext(ctx, `SELECT (SELECT COUNT(*) FROM blocks), COUNT(*), COALESCE(SUM(conn + dns + tls + http + dhcp + log + alert + sight), 0),
		COALESCE(SUM(bytes), 0), (SELECT COUNT(*) FROM snapshots), COALESCE(SUM(missing != ''), 0) FROM folders`).
		Scan(&i.Blocks, &i.Folders, &i.Rows, &i.Bytes, &i.Snapshots, &i.Missing)
	return errors.Join(err, db.Close())
}

// openCopy opens a SQLite file that nobody else has, to read it.
func openCopy(path string) (*sql.DB, error) {
	return sql.Open("sqlite", "file:"+(&url.URL{Path: path}).EscapedPath()+"?immutable=1&mode=ro")
}

func vacuumInto(ctx context.Context, from, to string) error {
	if !exists(from) {
		return fmt.Errorf("%w: there is no %s", ErrNotFound, from)
	}
	db, err := sql.Open("sqlite", "file:"+(&url.URL{Path: from}).EscapedPath()+"?mode=rw&_pragma=busy_timeout(10000)")
	if err != nil {
		return err
	}
	_, err = db.ExecContext(ctx, `VACUUM INTO ?`, to)
	return errors.Join(err, db.Close())
}

// kept is a folder of blocks or a snapshot that SQLite names.
type kept struct {
	path     string // below the store
	sum      []byte
	snapshot bool
}

// eachKept calls f for everything on the disk that a copy of the SQLite file names, but what is missing already.
func eachKept(ctx context.Context, path string, f func(kept) error) error {
	db, err := openCopy(path)
	if err != nil {
		return err
	}
	rows, err := db.QueryContext(ctx, `SELECT 0, tenant, day, name, hash FROM folders WHERE missing = ''
		UNION ALL SELECT 1, tenant, sensor, CAST(id AS TEXT), sha256 FROM snapshots`)
	if err != nil {
		return errors.Join(err, db.Close())
	}
	list, err := collect(rows, func(rows *sql.Rows) (k kept, err error) {
		var tenant, above, name string
		err = rows.Scan(&k.snapshot, &tenant, &above, &name, &k.sum)
		kind := blocksDir
		if k.snapshot {
			kind = snapshotsDir
		}
		k.path = filepath.Join(tenantsDir, tenant, kind, above, name)
		if err == nil && (!ValidID(tenant) || !filepath.IsLocal(k.path)) {
			err = fmt.Errorf("%w: path %q", ErrDamaged, k.path)
		}
		return k, err
	})
	if err := errors.Join(err, db.Close()); err != nil {
		return err
	}
	for _, k := range list {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err := f(k); err != nil {
			return fmt.Errorf("%s: %w", k.path, err)
		}
	}
	return nil
}

// copyTo links or copies it; what is there already stays.
func (k *kept) copyTo(d *disk, from, to string) error {
	source, target := filepath.Join(from, k.path), filepath.Join(to, k.path)
	if exists(target) {
		return nil
	}
	if err := d.makeDir(filepath.Dir(target)); err != nil {
		return err
	}
	if k.snapshot {
		return linkFile(source, target)
	}
	entries, err := os.ReadDir(source)
	if err != nil {
		return err
	}
	temp := target + ".new"
	if err := errors.Join(os.RemoveAll(temp), os.Mkdir(temp, 0o750)); err != nil {
		return err
	}
	for _, e := range entries {
		if err := linkFile(filepath.Join(source, e.Name()), filepath.Join(temp, e.Name())); err != nil {
			return err
		}
	}
	if err := complete(temp); err != nil {
		return errors.Join(err, os.RemoveAll(temp))
	}
	return d.rename(temp, target)
}

// complete is os.ErrNotExist unless a folder has all files of its block: the hub may have begun to remove it.
func complete(dir string) error {
	b, err := block.Open(dir)
	if err != nil {
		return err
	}
	for _, f := range b.Manifest.Files {
		st, err := os.Stat(filepath.Join(dir, kindFile(f.Kind)))
		if err == nil && st.Size() != f.Bytes {
			err = fmt.Errorf("%w: %s has %d bytes, not %d: sweep the store, then it is known as missing", ErrDamaged, kindFile(f.Kind), st.Size(), f.Bytes)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// linkFile links a file, which is never changed, or copies it where it cannot be linked.
func linkFile(from, to string) error {
	err := os.Link(from, to)
	if err == nil || errors.Is(err, os.ErrNotExist) {
		return err
	}
	return copyFile(from, to)
}

// check compares bytes with what SQLite says.
func (k *kept) check(dir string) error {
	path := filepath.Join(dir, k.path)
	if k.snapshot {
		if sum, err := fileSum(path); err != nil || sum != hex.EncodeToString(k.sum) {
			return errors.Join(fmt.Errorf("%w: a snapshot is not what was kept", ErrDamaged), err)
		}
		return nil
	}
	b, err := block.Open(path)
	switch {
	case err != nil:
	case b.Hash != hex.EncodeToString(k.sum):
		err = errors.New("its manifest is not the one that was stored")
	default:
		err = checkFiles(b)
	}
	if err != nil {
		return fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	return nil
}

func fileSum(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	h := sha256.New()
	_, err = io.Copy(h, f)
	return hex.EncodeToString(h.Sum(nil)), errors.Join(err, f.Close())
}

// emptyDir makes a folder, or finds an empty one.
func emptyDir(d *disk, dir string) error {
	if err := d.makeDir(dir); err != nil {
		return err
	}
	list, err := os.ReadDir(dir)
	if err == nil && len(list) > 0 {
		err = fmt.Errorf("%w: %s is not empty: give a new folder", ErrInvalid, dir)
	}
	return err
}

// syncTree makes the entries of all folders below dir durable, and the SQLite file.
func syncTree(d *disk, dir string) error {
	err := filepath.WalkDir(dir, func(path string, e os.DirEntry, err error) error {
		if err != nil || !e.IsDir() {
			return err
		}
		return d.sync(path)
	})
	f, open := os.Open(filepath.Join(dir, dbFile))
	if open != nil {
		return errors.Join(err, open)
	}
	return errors.Join(err, fsync(f), f.Close())
}

// Sweep compares every byte of a tenant's blocks with the hashes in their manifests, and notes what differs as missing. Run it now and then;
// nothing else finds a flipped bit that still unpacks.
func (s *Store) Sweep(ctx context.Context, tenant record.Tenant) (checked, damaged int, err error) {
	done := s.leases.take()
	defer done()
	rows, err := s.db.QueryContext(ctx, `SELECT id, day, name, hash FROM folders WHERE tenant = ? AND missing = ''`, tenant)
	if err != nil {
		return 0, 0, fmt.Errorf("sweep %s: %w", tenant, err)
	}
	type row struct {
		id int64
		k  kept
	}
	list, err := collect(rows, func(rows *sql.Rows) (r row, err error) {
		var day, name string
		err = rows.Scan(&r.id, &day, &name, &r.k.sum)
		r.k.path = filepath.Join(tenantsDir, string(tenant), blocksDir, day, name)
		return r, err
	})
	if err != nil {
		return 0, 0, fmt.Errorf("sweep %s: %w", tenant, err)
	}
	for _, r := range list {
		if ctx.Err() != nil {
			return checked, damaged, ctx.Err()
		}
		checked++
		if err := r.k.check(s.cfg.Dir); err != nil {
			err = s.damaged(ctx, r.id, err)
			if !errors.Is(err, ErrDamaged) {
				return checked, damaged, fmt.Errorf("sweep %s: %w", tenant, err)
			}
			damaged++
		}
	}
	return checked, damaged, nil
}
