package timeline

import (
	"context"
	"errors"
	"math"
	"slices"
	"strconv"
	"time"

	"github.com/redis/rueidis"

	"github.com/pulse-social/pulse/services/internal/id"
	"github.com/pulse-social/pulse/services/internal/kv"
)

// Lists are the home timelines that Redis holds: for each person who has read theirs lately, a Redis list of post ids
// with the newest at the head. Ids may come late and twice, so the order in Redis is only roughly that of the timeline;
// reading puts both right.
//
// An id that is added more than onTime after its post was written is added negative. So of any two ids that are not, the
// one nearer to the tail is at most onTime newer: whoever has read a list down to some id knows every post of the list
// that is newer than that id by more (see [List.trust]), and need not read on.
//
// The last element of a list may be a mark. While a list is rebuilt it ends with building: posts that are written
// meanwhile are added before the mark, but the list is not yet to be read. A list that reaches down to the first post of
// the timeline ends with whole; when later posts push the mark out, it is no longer whole, and its mark is gone.
type Lists struct {
	kv     *kv.KV
	length int
}

const (
	building = "building"
	whole    = "whole"

	// listLife is how long a list is kept after it was built. A reader who comes later has it rebuilt.
	listLife = 7 * 24 * time.Hour
	// onTime is how long after it was written a post may be added as one that is not late, the difference between the
	// clocks of two machines included.
	onTime = 2 * time.Second
	// trimSlack is by how much a list may be longer than it should be before it is cut.
	trimSlack = 50
)

// A List is a home timeline as Redis has it, or the newer part of one.
type List struct {
	// IDs are the posts, newest first, each once.
	IDs []int64
	// Whole tells that there are no older posts than these.
	Whole bool
	// Part tells that only the newer part was read.
	Part bool
}

// errChanged tells that a list was changed while it was rebuilt.
var errChanged = errors.New("list was changed meanwhile")

func listKey(userID int64) string { return "timeline:{" + id.String(userID) + "}" }

// Read answers a person's list; ok is false when there is none that can be read.
func (l Lists) Read(ctx context.Context, userID int64) (list List, ok bool, err error) {
	if l.length == 0 {
		return List{}, false, nil
	}
	reply, err := l.kv.Do(ctx, l.head(userID, 0))
	if err != nil {
		return List{}, false, err
	}
	return parseList(reply, 0)
}

// head is the command that reads the first elements of a person's list, all of them for 0.
func (l Lists) head(userID int64, elements int) rueidis.Completed {
	return l.kv.B().Lrange().Key(listKey(userID)).Start(0).Stop(int64(elements - 1)).Build()
}

// parseList understands the reply to [Lists.head].
func parseList(reply rueidis.RedisMessage, asked int) (list List, ok bool, err error) {
	elements, err := reply.ToArray()
	if err != nil || len(elements) == 0 {
		return List{}, false, err
	}
	list = List{IDs: make([]int64, 0, len(elements)), Part: len(elements) == asked}
	oldest := int64(math.MaxInt64) // of those that were on time
	for i := range elements {
		element, err := elements[i].ToString()
		if err != nil {
			return List{}, false, err
		}
		if i == len(elements)-1 && element == building {
			return List{}, false, nil
		}
		if i == len(elements)-1 && element == whole {
			list.Whole, list.Part = true, false
			break
		}
		postID, err := strconv.ParseInt(element, 10, 64)
		if err != nil {
			return List{}, false, err
		}
		if postID > 0 {
			oldest = min(oldest, postID)
		}
		list.IDs = append(list.IDs, max(postID, -postID))
	}
	slices.SortFunc(list.IDs, newestFirst)
	list.IDs = slices.Compact(list.IDs)
	list.trust(oldest)
	return list, true, nil
}

// trust drops the end of a list that was cut or read in part, as far down as posts may be missing there: what lies behind
// the end was added before all that was read, and is at most onTime newer than the oldest of that which was not late.
func (l *List) trust(oldest int64) {
	if l.Whole || len(l.IDs) == 0 {
		return
	}
	if oldest == math.MaxInt64 {
		l.IDs = nil
		return
	}
	floor := id.At(id.Time(oldest).Add(onTime + time.Millisecond))
	at, _ := slices.BinarySearchFunc(l.IDs, floor, newestFirst)
	l.IDs = l.IDs[:at]
}

// A Posted is a post and the people whose lists it is for.
type Posted struct {
	PostID  int64
	UserIDs []int64
}

// Add puts posts at the heads of the lists of those people who have one, the last of them first, now being the time.
func (l Lists) Add(ctx context.Context, now time.Time, posts ...Posted) error {
	if l.length == 0 {
		return nil
	}
	var commands rueidis.Commands
	var userIDs []int64
	for _, post := range posts {
		element := id.String(post.PostID)
		if now.Sub(id.Time(post.PostID)) > onTime {
			element = id.String(-post.PostID)
		}
		for _, userID := range post.UserIDs {
			commands = append(commands, l.kv.B().Lpushx().Key(listKey(userID)).Element(element).Build())
		}
		userIDs = append(userIDs, post.UserIDs...)
	}
	if len(commands) == 0 {
		return nil
	}
	lengths, err := l.kv.Ints(ctx, commands...)
	if err != nil {
		return err
	}
	var cuts rueidis.Commands
	for i, userID := range userIDs {
		if lengths[i] > int64(l.length+trimSlack) {
			cuts = append(cuts, l.kv.B().Ltrim().Key(listKey(userID)).Start(0).Stop(int64(l.length-1)).Build())
		}
	}
	if len(cuts) == 0 {
		return nil
	}
	return l.kv.DoMulti(ctx, cuts...)
}

// Drop forgets the lists of people, because whom they follow has changed.
func (l Lists) Drop(ctx context.Context, userIDs ...int64) error {
	if l.length == 0 || len(userIDs) == 0 {
		return nil
	}
	commands := make(rueidis.Commands, 0, len(userIDs))
	for _, userID := range userIDs {
		commands = append(commands, l.kv.B().Del().Key(listKey(userID)).Build())
	}
	return l.kv.DoMulti(ctx, commands...)
}

// Rebuild makes a person's list from what load answers: at most the given number of ids, newest first. What load
// answered is returned whether Redis took it or not; the caller may show it.
//
// The list is marked as building before load begins, so that a post which is written meanwhile is added to it, or is in
// load's answer already, or both. A change of the list during load, whatever it was, makes the result of load too old to
// be kept: the list stays marked, and the next reader rebuilds it.
func (l Lists) Rebuild(ctx context.Context, userID int64, load func(ctx context.Context, limit int) ([]int64, error)) (List, error) {
	var list List
	var failed error
	err := l.kv.Dedicated(ctx, func(ctx context.Context, c rueidis.DedicatedClient) error {
		if err := l.mark(ctx, c, userID); err != nil {
			return err
		}
		list, failed = l.load(ctx, load)
		if failed != nil {
			return kv.CallerError(failed)
		}
		return l.replace(ctx, c, userID, list)
	})
	if failed == nil && err != nil && list.IDs == nil {
		// Redis failed before the load.
		list, failed = l.load(ctx, load)
	}
	return list, failed
}

// load asks for one more than a list holds, to know whether the list is whole.
func (l Lists) load(ctx context.Context, load func(context.Context, int) ([]int64, error)) (List, error) {
	ids, err := load(ctx, l.length+1)
	if err != nil {
		return List{}, err
	}
	if len(ids) > l.length {
		return List{IDs: ids[:l.length]}, nil
	}
	return List{IDs: ids, Whole: true}, nil
}

// mark starts a new list that is being built, and watches it.
func (l Lists) mark(ctx context.Context, c rueidis.DedicatedClient, userID int64) error {
	ctx, cancel := l.kv.Bounded(ctx)
	defer cancel()
	key := listKey(userID)
	for _, r := range c.DoMulti(ctx,
		c.B().Multi().Build(),
		c.B().Del().Key(key).Build(),
		c.B().Rpush().Key(key).Element(building).Build(),
		c.B().Expire().Key(key).Seconds(int64(listLife.Seconds())).Build(),
		c.B().Exec().Build(),
		c.B().Watch().Key(key).Build(),
	) {
		if err := r.Error(); err != nil {
			return err
		}
	}
	// Between the mark and the watch somebody may have dropped the list; then additions to it would go unnoticed.
	tail, err := c.Do(ctx, c.B().Lindex().Key(key).Index(-1).Build()).ToString()
	if err != nil && !rueidis.IsRedisNil(err) {
		return err
	}
	if tail != building {
		return kv.CallerError(errChanged)
	}
	return nil
}

// replace puts a built list in the place of the one that was marked, unless that was changed.
func (l Lists) replace(ctx context.Context, c rueidis.DedicatedClient, userID int64, list List) error {
	ctx, cancel := l.kv.Bounded(ctx)
	defer cancel()
	key := listKey(userID)
	elements := make([]string, 0, len(list.IDs)+1)
	for _, postID := range list.IDs {
		elements = append(elements, id.String(postID))
	}
	if list.Whole {
		elements = append(elements, whole)
	}
	results := c.DoMulti(ctx,
		c.B().Multi().Build(),
		c.B().Del().Key(key).Build(),
		c.B().Rpush().Key(key).Element(elements...).Build(),
		c.B().Expire().Key(key).Seconds(int64(listLife.Seconds())).Build(),
		c.B().Exec().Build(),
	)
	err := results[len(results)-1].Error()
	if rueidis.IsRedisNil(err) {
		return kv.CallerError(errChanged)
	}
	return err
}

func newestFirst(a, b int64) int {
	switch {
	case a > b:
		return -1
	case a < b:
		return 1
	default:
		return 0
	}
}
