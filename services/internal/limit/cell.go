package limit

import (
	"context"
	_ "embed"
	"errors"
	"strconv"
	"time"

	"github.com/redis/rueidis"
)

// cell is the state of the algorithm: the theoretical arrival time of the next call, in microseconds since 1970, if calls came
// as evenly as the rate allows.
type cell struct{ arrival int64 }

// grant is what a cell answers.
type grant struct {
	// calls are how many were let through, of those that were wanted.
	calls int64
	// wait is how long until the next is let through, when none was.
	wait time.Duration
}

// take lets as many calls through as there is room for, up to want; a negative want gives calls back. [script] is the same
// in Redis.
func (c *cell) take(now time.Time, r Rate, want int64) grant {
	at, interval := now.UnixMicro(), r.interval()
	window := interval * r.Calls
	// A clock that was set back leaves a time that nobody would live to see.
	arrival := min(max(c.arrival, at), at+window)
	if want < 0 {
		c.arrival = max(at, arrival+want*interval)
		return grant{}
	}
	calls := min(want, (at+window-arrival)/interval)
	c.arrival = arrival + calls*interval
	if calls == 0 {
		return grant{wait: time.Duration(arrival+interval-at-window) * time.Microsecond}
	}
	return grant{calls: calls}
}

//go:embed cell.lua
var source string

// script is [cell.take] in Redis, where nothing comes between reading and writing.
var script = rueidis.NewLuaScript(source)

var errAnswer = errors.New("redis answered something else than the script does")

// ask takes calls out of what Redis counts, also for callers who have hung up: else they would be counted elsewhere. The time is
// the process's: the clocks of servers differ by less than matters here.
func (l *Limiter) ask(ctx context.Context, k key, r rule, now time.Time, want int64) (grant, error) {
	number := func(n int64) string { return strconv.FormatInt(n, 10) }
	answer, err := l.kv.Run(context.WithoutCancel(ctx), script, k.redis(), number(now.UnixMicro()), number(r.interval()), number(r.Calls), number(want))
	if err != nil {
		return grant{}, err
	}
	if len(answer) != 2 {
		return grant{}, errAnswer
	}
	return grant{calls: answer[0], wait: time.Duration(answer[1]) * time.Microsecond}, nil
}
