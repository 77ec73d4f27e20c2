// Package visibility is the one place that decides who may see what, and who may reply. Every read path and every
// consumer that fans out asks it. What one may not see is to be answered exactly as what does not exist.
//
// The rules. A person is seen by everyone while their account is active, but not by those whom they block. A post is seen
// by its author; by those whom it mentions; by the author's followers, unless its audience is those alone whom it mentions;
// and by everyone when it is public or unlisted and the author's account is not private. All but the author need the
// author's account to be active, and no block between them and the author, in either direction. A repost is seen by whom
// may see both it and the post that it passes on. A deleted post is seen by nobody. A conversation is seen by those who take
// part in it, and its messages from the number on that they joined at; in a group, what stands between two members across
// a block is for neither more than its number. A picture is seen by its owner, and by whom may see a post, a profile or a message that
// shows it. A meetup is seen by its host; by its co-hosts and those who were invited; by the host's followers, unless it is for those
// alone; and by everyone when it is public and the host's account is not private. All but the host need the host's account to be
// active, and no block between them and the host, in either direction.
package visibility

import (
	"fmt"

	"github.com/pulse-social/pulse/ent"
)

// Values of the columns that decide. They are those of pulse.post.v1, pulse.event.v1 and of package schema.
const (
	accountActive = 0

	audienceUnlisted  = 2 // Public is less, and as open.
	audienceFollowers = 3

	eventPublic    = 1
	eventFollowers = 2
)

// A Policy decides about what is in a database. A viewer of 0 is anonymous.
type Policy struct{ db *ent.Client }

// NewPolicy makes the policy of a database.
func NewPolicy(db *ent.Client) *Policy { return &Policy{db: db} }

// In answers the same policy on what a transaction sees. Whoever decides within a transaction uses it: asking elsewhere
// would take a second connection while holding one, which many at once cannot.
func (p *Policy) In(tx *ent.Client) *Policy { return &Policy{db: tx} }

// annotate says what failed, and leaves nil and not-found as they are.
func annotate(what string, err error) error {
	if err == nil || ent.IsNotFound(err) {
		return err
	}
	return fmt.Errorf("%s: %w", what, err)
}
