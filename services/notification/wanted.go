package notification

import (
	"context"

	"github.com/pulse-social/pulse/ent/account"
	"github.com/pulse-social/pulse/ent/block"
	"github.com/pulse-social/pulse/ent/notificationpreference"
	notificationv1 "github.com/pulse-social/pulse/gen/pulse/notification/v1"
	"github.com/pulse-social/pulse/services/internal/id"
	"github.com/pulse-social/pulse/services/internal/mute"
	"github.com/pulse-social/pulse/services/internal/notifications"
	"github.com/pulse-social/pulse/services/internal/store"
	"github.com/pulse-social/pulse/services/internal/visibility"
)

// wish is a candidate that its recipient is notified of, and whether in the application too.
type wish struct {
	*candidate
	inApp bool
}

// filters are what decides whom candidates are for, read for all of them at once.
type filters struct {
	active   map[int64]bool
	blocks   map[pair]bool
	mutes    map[int64]*mute.Rules
	sights   map[visibility.Sight]bool
	meetups  map[visibility.Sight]bool
	settings map[setting]*notificationv1.KindPreference
	follows  map[pair]bool
}

// setting is whose preference of which kind.
type setting struct {
	user int64
	kind notificationv1.NotificationKind
}

// wanted answers those of the candidates that their recipients may see and want to be told of: by the rules of package
// visibility, by whom and what they mute, and by their preferences. Who is away, suspended or gone is told nothing.
func (h *handler) wanted(ctx context.Context, tx *store.Tx, all []*candidate) ([]wish, error) {
	if len(all) == 0 {
		return nil, nil
	}
	f, err := h.filters(ctx, tx, all)
	if err != nil {
		return nil, err
	}
	var wanted []wish
	for _, c := range all {
		preference := f.settings[setting{c.recipient, c.kind}]
		if preference == nil {
			preference = defaultOf(c.kind)
		}
		muted := f.mutes[c.recipient]
		switch {
		case !f.active[c.actor], !f.active[c.recipient],
			f.blocks[pair{c.actor, c.recipient}], f.blocks[pair{c.recipient, c.actor}],
			isPost(c.kind) && !f.sights[visibility.Sight{ViewerID: c.recipient, ObjectID: c.object}],
			notifications.AboutEvent(c.kind) && !f.meetups[visibility.Sight{ViewerID: c.recipient, ObjectID: c.subject}],
			!isNews(c.kind) && muted.Person(c.actor, tx.Now), muted.Text(tx.Now, c.texts...),
			!f.heeds(c, preference.GetAudience()):
			continue
		}
		wanted = append(wanted, wish{c, preference.GetInApp()})
	}
	return wanted, nil
}

// heeds tells whether the recipient wants to be told of the actor's doings.
func (f *filters) heeds(c *candidate, audience notificationv1.NotificationAudience) bool {
	switch audience {
	case notificationv1.NotificationAudience_NOTIFICATION_AUDIENCE_NOBODY:
		return false
	case notificationv1.NotificationAudience_NOTIFICATION_AUDIENCE_FOLLOWED:
		return c.recipient == c.actor || f.follows[pair{c.recipient, c.actor}]
	default:
		return true
	}
}

// isPost tells whether the object of causes of the kind is a post.
func isPost(kind notificationv1.NotificationKind) bool {
	return kind == kindLike || kind == kindRepost || kind == kindReply || kind == kindMention || kind == kindQuote
}

// filters reads what decides about the candidates.
func (h *handler) filters(ctx context.Context, tx *store.Tx, all []*candidate) (*filters, error) {
	var recipients, actors []int64
	var kinds []int32
	var looks []visibility.Sight
	var meetups []visibility.Sight
	for _, c := range all {
		recipients, actors, kinds = append(recipients, c.recipient), append(actors, c.actor), append(kinds, int32(c.kind))
		if isPost(c.kind) {
			looks = append(looks, visibility.Sight{ViewerID: c.recipient, ObjectID: c.object})
		}
		if notifications.AboutEvent(c.kind) {
			meetups = append(meetups, visibility.Sight{ViewerID: c.recipient, ObjectID: c.subject})
		}
	}
	recipients, actors = id.Unique(recipients), id.Unique(actors)
	f := &filters{active: map[int64]bool{}, settings: map[setting]*notificationv1.KindPreference{}}
	there, err := tx.Account.Query().Where(account.IDIn(id.Unique(append(recipients, actors...))...), visibility.SeenPeople(0)).IDs(ctx)
	if err != nil {
		return nil, err
	}
	for _, id := range there {
		f.active[id] = true
	}
	if f.blocks, err = blocksAmong(ctx, tx, there); err != nil {
		return nil, err
	}
	if f.mutes, err = mute.Among(ctx, tx.Client, recipients, actors); err != nil {
		return nil, err
	}
	if f.sights, err = h.visibility.In(tx.Client).Sights(ctx, looks); err != nil {
		return nil, err
	}
	if f.meetups, err = h.visibility.In(tx.Client).EventSights(ctx, meetups); err != nil {
		return nil, err
	}
	return f, f.readSettings(ctx, tx, recipients, actors, id.Unique(kinds))
}

// blocksAmong answers who of the people blocks whom of them.
func blocksAmong(ctx context.Context, tx *store.Tx, people []int64) (map[pair]bool, error) {
	rows, err := tx.Block.Query().Where(block.BlockerIDIn(people...), block.BlockedIDIn(people...)).All(ctx)
	blocks := make(map[pair]bool, len(rows))
	for _, row := range rows {
		blocks[pair{row.BlockerID, row.BlockedID}] = true
	}
	return blocks, err
}

// readSettings reads the preferences of the recipients, and whom they follow when one of them asks for that.
func (f *filters) readSettings(ctx context.Context, tx *store.Tx, recipients, actors []int64, kinds []int32) error {
	rows, err := tx.NotificationPreference.Query().
		Where(notificationpreference.UserIDIn(recipients...), notificationpreference.KindIn(kinds...)).All(ctx)
	if err != nil {
		return err
	}
	var pairs []pair
	for _, row := range rows {
		preference := preferenceOf(row)
		f.settings[setting{row.UserID, preference.GetKind()}] = preference
		if preference.GetAudience() == notificationv1.NotificationAudience_NOTIFICATION_AUDIENCE_FOLLOWED {
			for _, actor := range actors {
				pairs = append(pairs, pair{row.UserID, actor})
			}
		}
	}
	f.follows, err = followsAmong(ctx, tx, pairs)
	return err
}
