package topology

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"strconv"
	"strings"

	_ "github.com/jackc/pgx/v5/stdlib" // The driver "pgx".
	"github.com/redis/rueidis"
)

// Servers are where a split topology finds Postgres and Redis.
type Servers struct {
	// Database is a Postgres whose user may create databases.
	Database string
	// Redis is a Redis with many databases.
	Redis string
}

// ServersFromEnvironment answers the servers of PULSE_TEST_DATABASE_URL and PULSE_TEST_REDIS_URL; ok is false unless both
// are set.
func ServersFromEnvironment() (s Servers, ok bool) {
	s = Servers{Database: os.Getenv("PULSE_TEST_DATABASE_URL"), Redis: os.Getenv("PULSE_TEST_REDIS_URL")}
	return s, s.Database != "" && s.Redis != ""
}

// database is a database of a topology's own.
type database struct {
	server *sql.DB
	name   string
	url    string
}

// createDatabase makes an empty database.
func createDatabase(ctx context.Context, server string) (*database, error) {
	at, err := url.Parse(server)
	if err != nil {
		return nil, fmt.Errorf("PULSE_TEST_DATABASE_URL: %w", err)
	}
	db, err := sql.Open("pgx", server)
	if err != nil {
		return nil, fmt.Errorf("PULSE_TEST_DATABASE_URL: %w", err)
	}
	d := &database{server: db, name: "pulse_topology_" + strings.ToLower(rand.Text())}
	if _, err := db.ExecContext(ctx, "CREATE DATABASE "+d.name); err != nil {
		return nil, errors.Join(fmt.Errorf("PULSE_TEST_DATABASE_URL: create a database: %w", err), db.Close())
	}
	at.Path = "/" + d.name
	d.url = at.String()
	return d, nil
}

func (d *database) drop(ctx context.Context) error {
	_, err := d.server.ExecContext(ctx, "DROP DATABASE "+d.name+" WITH (FORCE)")
	return errors.Join(err, d.server.Close())
}

const (
	// redisDatabases is how many databases the Redis has to have.
	redisDatabases = 4096
	// databasesDrawn counts, in database 0, those that tests have drawn; package testbackend draws by it too.
	databasesDrawn = "pulse_test_databases_drawn"
)

// redis is a database of a Redis, for a topology alone.
type redis struct {
	client rueidis.Client
	server string // host:port
	number int
}

// openRedis draws a database and empties it.
func openRedis(ctx context.Context, server string) (*redis, error) {
	option, err := rueidis.ParseURL(server)
	if err != nil {
		return nil, fmt.Errorf("PULSE_TEST_REDIS_URL: %w", err)
	}
	option.DisableCache = true
	first, err := rueidis.NewClient(option)
	if err != nil {
		return nil, fmt.Errorf("PULSE_TEST_REDIS_URL: %w", err)
	}
	defer first.Close()
	drawn, err := first.Do(ctx, first.B().Incr().Key(databasesDrawn).Build()).AsInt64()
	if err != nil {
		return nil, fmt.Errorf("PULSE_TEST_REDIS_URL: %w", err)
	}
	r := &redis{server: option.InitAddress[0], number: 1 + int(drawn%(redisDatabases-1))}
	option.SelectDB = r.number
	if r.client, err = rueidis.NewClient(option); err != nil {
		return nil, fmt.Errorf("PULSE_TEST_REDIS_URL: %w: start Redis with --databases %d", err, redisDatabases)
	}
	return r, r.flush(ctx)
}

// url is the database as seen through an address that leads to it.
func (r *redis) url(address string) string {
	return "redis://" + address + "/" + strconv.Itoa(r.number)
}

// flush empties the database.
func (r *redis) flush(ctx context.Context) error {
	return r.client.Do(ctx, r.client.B().Flushdb().Build()).Error()
}

func (r *redis) close(ctx context.Context) error {
	err := r.flush(ctx)
	r.client.Close()
	return err
}
