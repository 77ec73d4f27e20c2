// Package visibility is the one place that decides who may see what. Every read path and every consumer that fans out
// asks it. What one may not see is to be answered exactly as what does not exist.
package visibility

import (
	"context"
	"fmt"

	"github.com/pulse-social/pulse/ent"
	"github.com/pulse-social/pulse/ent/account"
	"github.com/pulse-social/pulse/ent/post"
)

// A Policy decides about what is in a database.
//
// The rules so far: every account is seen by everyone; a post is seen by everyone unless it was deleted.
type Policy struct{ db *ent.Client }

// NewPolicy makes the policy of a database.
func NewPolicy(db *ent.Client) *Policy { return &Policy{db: db} }

// In answers the same policy on what a transaction sees. Whoever decides within a transaction uses it: asking elsewhere
// would take a second connection while holding one, which many at once cannot.
func (p *Policy) In(tx *ent.Client) *Policy { return &Policy{db: tx} }

// User answers the account of a person that the viewer may see; the error is ent's not-found otherwise. A viewer of 0
// is anonymous.
func (p *Policy) User(ctx context.Context, _ /* viewer */, userID int64) (*ent.Account, error) {
	found, err := p.db.Account.Get(ctx, userID)
	return found, annotate("look for the person", err)
}

// UserByHandle is [Policy.User] by handle in lower case.
func (p *Policy) UserByHandle(ctx context.Context, _ /* viewer */ int64, handleKey string) (*ent.Account, error) {
	found, err := p.db.Account.Query().Where(account.HandleKey(handleKey)).Only(ctx)
	return found, annotate("look for the handle", err)
}

// Users answers those of the people that the viewer may see, by id.
func (p *Policy) Users(ctx context.Context, _ /* viewer */ int64, userIDs []int64) (map[int64]*ent.Account, error) {
	rows, err := p.db.Account.Query().Where(account.IDIn(userIDs...)).All(ctx)
	if err != nil {
		return nil, fmt.Errorf("look for people: %w", err)
	}
	seen := make(map[int64]*ent.Account, len(rows))
	for _, row := range rows {
		seen[row.ID] = row
	}
	return seen, nil
}

// Post answers a post that the viewer may see; the error is ent's not-found otherwise.
func (p *Policy) Post(ctx context.Context, _ /* viewer */, postID int64) (*ent.Post, error) {
	found, err := p.db.Post.Query().Where(post.ID(postID), post.Deleted(false)).Only(ctx)
	return found, annotate("look for the post", err)
}

// Posts answers those of the posts that the viewer may see, by id.
func (p *Policy) Posts(ctx context.Context, _ /* viewer */ int64, postIDs []int64) (map[int64]*ent.Post, error) {
	rows, err := p.db.Post.Query().Where(post.IDIn(postIDs...), post.Deleted(false)).All(ctx)
	if err != nil {
		return nil, fmt.Errorf("look for posts: %w", err)
	}
	seen := make(map[int64]*ent.Post, len(rows))
	for _, row := range rows {
		seen[row.ID] = row
	}
	return seen, nil
}

// annotate says what failed, and leaves nil and not-found as they are.
func annotate(what string, err error) error {
	if err == nil || ent.IsNotFound(err) {
		return err
	}
	return fmt.Errorf("%s: %w", what, err)
}
