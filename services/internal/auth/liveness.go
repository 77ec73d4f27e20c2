package auth

import (
	"context"
	"time"

	"github.com/redis/rueidis"

	"github.com/pulse-social/pulse/services/internal/id"
	"github.com/pulse-social/pulse/services/internal/kv"
)

// liveness tells whether things live that can be ended at any moment. Redis is asked first; the database is where they
// live, and when Redis is away it alone is asked. It never assumes that something lives.
type liveness struct {
	kv *kv.KV
	// prefix begins the keys in Redis.
	prefix string
	// announce, if there is one, tells all processes what has ended, for what is open under it.
	announce func(which ...int64)
	// inDatabase tells whether one lives.
	inDatabase func(ctx context.Context, which int64) (bool, error)
}

// check fails with [ErrRevoked] when it has ended.
func (l liveness) check(ctx context.Context, which int64) error {
	reply, err := l.kv.Do(ctx, l.kv.B().Get().Key(l.key(which)).Build())
	if err == nil {
		if state, _ := reply.ToString(); state == live {
			return nil
		}
		return ErrRevoked
	}
	alive, dbErr := l.inDatabase(ctx, which)
	if dbErr != nil {
		return dbErr
	}
	if !alive {
		return ErrRevoked
	}
	if rueidis.IsRedisNil(err) {
		// NX: a revocation that was committed after our look at the database has said so already, and stands.
		_, _ = l.kv.Do(ctx, l.kv.B().Set().Key(l.key(which)).Value(live).Nx().Px(LiveKept).Build())
	}
	return nil
}

// endPatience is how long it is tried to tell Redis that something has ended. Who ends something waits for a Redis that is
// late rather than not to be sure of it.
const endPatience = 2 * time.Second

// End makes what has ended in the database useless everywhere. Only when it returns nil may the end be acknowledged: until
// then Redis may still say for some seconds that it lives.
func (l liveness) End(ctx context.Context, which ...int64) error {
	if len(which) == 0 {
		return nil
	}
	commands := make(rueidis.Commands, 0, len(which))
	for _, one := range which {
		commands = append(commands, l.kv.B().Set().Key(l.key(one)).Value(ended).Px(endedKept).Build())
	}
	if l.announce != nil {
		l.announce(which...) // Whatever Redis says: it has ended in the database.
	}
	return l.kv.Insist(ctx, endPatience, commands...)
}

func (l liveness) key(which int64) string { return l.prefix + ":{" + id.String(which) + "}" }
