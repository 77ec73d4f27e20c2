// Package engagement answers what a person has done with posts: liked, kept and passed on.
package engagement

import (
	"context"
	"fmt"
	"strings"

	"github.com/pulse-social/pulse/services/internal/store"
)

// A State is what a person has done with a post; the zero state is nothing.
type State uint8

// What a State is made of.
const (
	// Liked is that they like it.
	Liked State = 1 << iota
	// Bookmarked is that they keep it.
	Bookmarked
	// Reposted is that they have passed it on.
	Reposted

	// States is how many states there are.
	States = 1 << iota
)

// Has tells whether all of what is part of the state.
func (s State) Has(what State) bool { return s&what == what }

// Of answers what a person has done with posts, by their ids and in one query; a post with which they have done nothing is
// missing. Nobody has done anything with a repost: it is the post behind it that is liked.
func Of(ctx context.Context, db *store.DB, userID int64, postIDs []int64) (map[int64]State, error) {
	if userID == 0 || len(postIDs) == 0 {
		return nil, nil
	}
	args, places := []any{userID}, make([]string, len(postIDs))
	for i, postID := range postIDs {
		args = append(args, postID)
		places[i] = fmt.Sprintf("$%d", i+2)
	}
	among := "(" + strings.Join(places, ",") + ")"
	rows, err := db.QueryContext(ctx, fmt.Sprintf(
		`SELECT post_id, %[1]d FROM likes WHERE user_id = $1 AND post_id IN %[4]s
			UNION ALL SELECT post_id, %[2]d FROM bookmarks WHERE user_id = $1 AND post_id IN %[4]s
			UNION ALL SELECT repost_of_id, %[3]d FROM posts WHERE author_id = $1 AND repost_of_id IN %[4]s AND repost_of_id <> 0 AND NOT deleted`,
		Liked, Bookmarked, Reposted, among), args...)
	if err != nil {
		return nil, fmt.Errorf("read what was done with posts: %w", err)
	}
	defer rows.Close()
	states := map[int64]State{}
	for rows.Next() {
		var postID int64
		var state State
		if err := rows.Scan(&postID, &state); err != nil {
			return nil, fmt.Errorf("read what was done with posts: %w", err)
		}
		states[postID] |= state
	}
	return states, rows.Err()
}
