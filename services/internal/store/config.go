package store

import (
	"fmt"
	"path/filepath"
	"strings"
	"time"
)

// Config says where the database is.
type Config struct {
	// DataDir holds everything that the embedded parts keep.
	DataDir string `env:"PULSE_DATA_DIR" envDefault:"pulse-data" doc:"folder of the embedded database and broker"`
	// DatabaseURL is the database; empty means SQLite in the data folder.
	DatabaseURL string `env:"PULSE_DATABASE_URL" secret:"true" doc:"postgres://... or sqlite:FILE; empty: SQLite in the data folder"`
	// DatabaseURLFile is the file that DatabaseURL came from; who connects again reads it again.
	DatabaseURLFile string `env:"PULSE_DATABASE_URL_FILE" doc:"file that holds PULSE_DATABASE_URL; a new password in it is used for new connections"`
	// MaxConns bounds the connections to Postgres, and the reading ones to SQLite.
	MaxConns int `env:"PULSE_DATABASE_MAX_CONNS" envDefault:"16" doc:"most database connections at once"`
	// StatementTimeout bounds one statement on Postgres.
	StatementTimeout time.Duration `env:"PULSE_DATABASE_STATEMENT_TIMEOUT" envDefault:"30s" doc:"longest time for one statement (Postgres)"`
	// UnsafeDurability lets Pulse start on a Postgres that may lose acknowledged writes.
	UnsafeDurability bool `env:"PULSE_DATABASE_UNSAFE" envDefault:"false" doc:"accept a Postgres with fsync, full_page_writes or synchronous_commit off"`
	// Migrate is whether the start brings the schema up to date.
	Migrate bool `env:"PULSE_MIGRATE" envDefault:"true" doc:"bring the schema up to date at start; false: pulse migrate does"`
}

// Validate answers what is wrong with the settings.
func (c Config) Validate() error {
	if c.MaxConns < 2 {
		return fmt.Errorf("PULSE_DATABASE_MAX_CONNS=%d is too few: set 2 or more", c.MaxConns)
	}
	if _, _, err := c.source(); err != nil {
		return err
	}
	return nil
}

// Embedded tells whether the database is a SQLite file.
func (c Config) Embedded() bool {
	engine, _, err := c.source()
	return err == nil && engine == engineSQLite
}

// source answers the database's engine and where it is: a file or a URL.
func (c Config) source() (engine, where string, err error) {
	switch scheme, rest, _ := strings.Cut(c.DatabaseURL, ":"); {
	case c.DatabaseURL == "":
		return engineSQLite, filepath.Join(c.DataDir, "pulse.db"), nil
	case scheme == "sqlite" && rest != "":
		return engineSQLite, strings.TrimPrefix(rest, "//"), nil
	case (scheme == "postgres" || scheme == "postgresql") && strings.HasPrefix(rest, "//"):
		return enginePostgres, c.DatabaseURL, nil
	default:
		return "", "", fmt.Errorf("PULSE_DATABASE_URL starts with %q: use postgres://user:password@host/database, sqlite:FILE, or leave it empty", scheme+":")
	}
}
