package app

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/gofrs/flock"

	"github.com/pulse-social/pulse/services/internal/cause"
	"github.com/pulse-social/pulse/services/internal/run"
)

const (
	// lockFile is held by the process that uses a data folder.
	lockFile = "lock"
	// opsFile tells other commands where the operators' port of that process is.
	opsFile = "ops-address"
)

// dataFolder takes the data folder for this process alone.
func (a *App) dataFolder() run.Part {
	var lock *flock.Flock
	dir := a.config.Store.DataDir
	return run.Part{
		Name: "data folder",
		Start: func(context.Context) (err error) {
			if !a.config.embeds() {
				return nil
			}
			if lock, err = lockFolder(dir); err != nil {
				return err
			}
			return os.WriteFile(filepath.Join(dir, opsFile), []byte(a.ops.Addr().String()), 0o600)
		},
		Stop: func(context.Context) error {
			if lock == nil {
				return nil
			}
			_ = os.Remove(filepath.Join(dir, opsFile))
			return lock.Unlock()
		},
	}
}

// lockFolder takes a folder, or says who has it.
func lockFolder(dir string) (*flock.Flock, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("PULSE_DATA_DIR=%s: cannot make the folder (%w): name one that can be written", dir, cause.Of(err))
	}
	lock := flock.New(filepath.Join(dir, lockFile))
	ok, err := lock.TryLock()
	if err != nil {
		return nil, fmt.Errorf("PULSE_DATA_DIR=%s: cannot lock the folder (%w): name one that can be written", dir, cause.Of(err))
	}
	if !ok {
		return nil, fmt.Errorf("PULSE_DATA_DIR=%s is in use by another process: stop that one, or set PULSE_DATA_DIR to another folder", dir)
	}
	return lock, nil
}

// runningOps answers where the operators' port of the process is that uses a data folder; ok is false when none does.
func runningOps(dir string) (address string, ok bool) {
	if _, err := os.Stat(dir); err != nil {
		return "", false
	}
	lock, err := lockFolder(dir)
	if err == nil {
		_ = lock.Unlock()
		return "", false
	}
	raw, err := os.ReadFile(filepath.Join(dir, opsFile))
	return strings.TrimSpace(string(raw)), err == nil
}
