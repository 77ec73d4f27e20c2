package demo

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// stateFile is where a folder says that a demo lives in it.
const stateFile = "demo.json"

// A Folder is the data folder of a demo.
type Folder struct {
	path string
	// People is how many people the demo has, which is settled when the folder is made.
	People int `json:"people"`
	// Filled is whether all of them have done all they do.
	Filled bool `json:"filled"`
}

// OpenFolder opens the data folder of a demo or makes one for so many people. A folder with anything else in it is
// refused, so that no real data gets invented company.
func OpenFolder(path string, people int) (*Folder, error) {
	f := &Folder{path: path, People: people}
	state, err := os.ReadFile(filepath.Join(path, stateFile))
	if err == nil {
		f.People = 0
		if err := json.Unmarshal(state, f); err != nil || f.People < MinPeople {
			return nil, fmt.Errorf("PULSE_DATA_DIR=%s: %s in it is damaged: delete the folder, or name another", path, stateFile)
		}
		return f, nil
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("PULSE_DATA_DIR=%s: cannot read %s: %w", path, stateFile, err)
	}
	entries, err := os.ReadDir(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("PULSE_DATA_DIR=%s: cannot read the folder: %w", path, err)
	}
	if len(entries) > 0 {
		return nil, fmt.Errorf("PULSE_DATA_DIR=%s is not empty and holds no demo: name another folder", path)
	}
	return f, f.save()
}

// save writes the state, all or nothing.
func (f *Folder) save() error {
	state, err := json.Marshal(f)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(f.path, 0o700); err != nil {
		return fmt.Errorf("PULSE_DATA_DIR=%s: cannot make the folder: %w", f.path, err)
	}
	name := filepath.Join(f.path, stateFile)
	if err := os.WriteFile(name+".new", append(state, '\n'), 0o600); err != nil {
		return fmt.Errorf("PULSE_DATA_DIR=%s: %w", f.path, err)
	}
	return os.Rename(name+".new", name)
}
