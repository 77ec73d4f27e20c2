package notification

import (
	"cmp"
	"context"
	"maps"
	"slices"

	"github.com/pulse-social/pulse/ent/conversationmember"
	"github.com/pulse-social/pulse/ent/follow"
	"github.com/pulse-social/pulse/ent/followrequest"
	entlike "github.com/pulse-social/pulse/ent/like"
	busv1 "github.com/pulse-social/pulse/gen/pulse/bus/v1"
	messagingv1 "github.com/pulse-social/pulse/gen/pulse/messaging/v1"
	"github.com/pulse-social/pulse/services/internal/bus"
	"github.com/pulse-social/pulse/services/internal/id"
	"github.com/pulse-social/pulse/services/internal/store"
)

// pair is who did something, and to whom or what.
type pair struct{ from, to int64 }

// like is one person's like of one post.
type like struct {
	pair
	author int64
}

// looks are what a batch of events is about. A flag tells that the doing of it may be told, and not only its undoing.
type looks struct {
	likes     map[like]bool
	follows   map[pair]bool
	requests  map[pair]bool
	approvals map[pair]bool
	posts     map[int64]postEvents
	messages  []*busv1.MessageSent
	reads     map[pair]bool // by the reader, of a conversation
}

// postEvents are what came of one post.
type postEvents struct{ created, edited bool }

// look gathers what events are about.
func look(events []bus.Event) *looks {
	l := &looks{
		likes: map[like]bool{}, follows: map[pair]bool{}, requests: map[pair]bool{}, approvals: map[pair]bool{},
		posts: map[int64]postEvents{}, reads: map[pair]bool{},
	}
	for _, event := range events {
		switch e := event.Message.(type) {
		case *busv1.PostLiked:
			l.likes[like{pair{e.GetUserId(), e.GetPostId()}, e.GetAuthorId()}] = true
		case *busv1.PostUnliked:
			note(l.likes, like{pair{e.GetUserId(), e.GetPostId()}, e.GetAuthorId()})
		case *busv1.UserFollowed:
			l.follows[pair{e.GetFollowerId(), e.GetFolloweeId()}] = true
		case *busv1.UserUnfollowed:
			note(l.follows, pair{e.GetFollowerId(), e.GetFolloweeId()})
		case *busv1.FollowRequested:
			l.requests[pair{e.GetRequesterId(), e.GetTargetId()}] = true
		case *busv1.FollowRequestWithdrawn:
			note(l.requests, pair{e.GetRequesterId(), e.GetTargetId()})
		case *busv1.FollowRequestApproved:
			note(l.requests, pair{e.GetRequesterId(), e.GetTargetId()})
			l.approvals[pair{e.GetRequesterId(), e.GetTargetId()}] = true
		default:
			l.lookFurther(event)
		}
	}
	return l
}

// lookFurther gathers what posts and messages came.
func (l *looks) lookFurther(event bus.Event) {
	switch e := event.Message.(type) {
	case *busv1.PostCreated:
		came := l.posts[e.GetPostId()]
		l.posts[e.GetPostId()] = postEvents{created: true, edited: came.edited}
	case *busv1.PostEdited:
		came := l.posts[e.GetPostId()]
		l.posts[e.GetPostId()] = postEvents{created: came.created, edited: true}
	case *busv1.PostDeleted:
		l.posts[e.GetPostId()] = l.posts[e.GetPostId()]
	case *busv1.MessageSent:
		if messagingv1.MessageKind(e.GetKind()) == messagingv1.MessageKind_MESSAGE_KIND_TEXT {
			l.messages = append(l.messages, e)
		}
	case *busv1.ConversationRead:
		l.reads[pair{e.GetUserId(), e.GetConversationId()}] = true
	}
}

// note notes what is to be looked at, and leaves it as it is when that was known.
func note[K comparable](of map[K]bool, what K) {
	if _, known := of[what]; !known {
		of[what] = false
	}
}

// addPairs adds what people did to posts and to each other. Whether it holds is not looked at yet.
func (l *looks) addPairs(into *candidates) {
	for _, one := range sorted(l.likes, func(k like) pair { return k.pair }) {
		into.add(candidate{key: key{one.author, kindLike, one.from, one.to}, subject: one.to, raises: l.likes[one]})
	}
	same := func(p pair) pair { return p }
	for _, p := range sorted(l.follows, same) {
		into.add(candidate{key: key{recipient: p.to, kind: kindFollow, actor: p.from}, raises: l.follows[p]})
		into.add(candidate{key: key{recipient: p.from, kind: kindFollowApproved, actor: p.to}, subject: p.to})
	}
	for _, p := range sorted(l.requests, same) {
		into.add(candidate{key: key{recipient: p.to, kind: kindFollowRequest, actor: p.from}, raises: l.requests[p]})
	}
	for _, p := range sorted(l.approvals, same) {
		// Approvals are not grouped: each is about who approved.
		into.add(candidate{key: key{recipient: p.from, kind: kindFollowApproved, actor: p.to}, subject: p.to, raises: true})
	}
}

// lookAtPairs finds out which of the likes, follows and requests there are.
func (l *looks) lookAtPairs(ctx context.Context, tx *store.Tx, found *candidates) error {
	liked, err := likesAmong(ctx, tx, slices.Collect(maps.Keys(l.likes)))
	if err != nil {
		return err
	}
	followed, err := followsAmong(ctx, tx, append(slices.Collect(maps.Keys(l.follows)), slices.Collect(maps.Keys(l.approvals))...))
	if err != nil {
		return err
	}
	requested, err := requestsAmong(ctx, tx, slices.Collect(maps.Keys(l.requests)))
	if err != nil {
		return err
	}
	for _, c := range found.all {
		switch c.kind { //nolint:exhaustive // The others are no pairs.
		case kindLike:
			c.holds = liked[pair{c.actor, c.object}]
		case kindFollow:
			c.holds = followed[pair{c.actor, c.recipient}]
		case kindFollowApproved:
			c.holds = followed[pair{c.recipient, c.actor}]
		case kindFollowRequest:
			c.holds = requested[pair{c.actor, c.recipient}]
		}
	}
	return nil
}

func likesAmong(ctx context.Context, tx *store.Tx, likes []like) (map[pair]bool, error) {
	pairs := make([]pair, len(likes))
	for i, one := range likes {
		pairs[i] = one.pair
	}
	return among(pairs, func(users, posts []int64, add func(from, to int64)) error {
		rows, err := tx.Like.Query().Where(entlike.UserIDIn(users...), entlike.PostIDIn(posts...)).All(ctx)
		for _, row := range rows {
			add(row.UserID, row.PostID)
		}
		return err
	})
}

func followsAmong(ctx context.Context, tx *store.Tx, pairs []pair) (map[pair]bool, error) {
	return among(pairs, func(followers, followees []int64, add func(from, to int64)) error {
		rows, err := tx.Follow.Query().Where(follow.FollowerIDIn(followers...), follow.FolloweeIDIn(followees...)).All(ctx)
		for _, row := range rows {
			add(row.FollowerID, row.FolloweeID)
		}
		return err
	})
}

func requestsAmong(ctx context.Context, tx *store.Tx, pairs []pair) (map[pair]bool, error) {
	return among(pairs, func(requesters, targets []int64, add func(from, to int64)) error {
		rows, err := tx.FollowRequest.Query().
			Where(followrequest.RequesterIDIn(requesters...), followrequest.TargetIDIn(targets...)).All(ctx)
		for _, row := range rows {
			add(row.RequesterID, row.TargetID)
		}
		return err
	})
}

// among answers which pairs there are; read reads them, maybe with others.
func among(pairs []pair, read func(from, to []int64, add func(from, to int64)) error) (map[pair]bool, error) {
	there := map[pair]bool{}
	if len(pairs) == 0 {
		return there, nil
	}
	var from, to []int64
	for _, p := range pairs {
		from, to = append(from, p.from), append(to, p.to)
	}
	return there, read(id.Unique(from), id.Unique(to), func(from, to int64) { there[pair{from, to}] = true })
}

// recipients answers whose notifications the batch may change.
func (l *looks) recipients(ctx context.Context, tx *store.Tx, found *candidates) ([]int64, error) {
	var all []int64
	for _, c := range found.all {
		all = append(all, c.recipient)
	}
	for read := range l.reads {
		all = append(all, read.from)
	}
	if len(l.messages) > 0 {
		members, err := tx.ConversationMember.Query().
			Where(conversationmember.ConversationIDIn(l.conversations()...), conversationmember.Folder(int32(messagingv1.Folder_FOLDER_INBOX))).All(ctx)
		if err != nil {
			return nil, err
		}
		for _, m := range members {
			all = append(all, m.UserID)
		}
	}
	return id.Unique(all), nil
}

// sorted answers the keys of a map in one order, so that a batch is written the same way each time.
func sorted[K comparable](of map[K]bool, by func(K) pair) []K {
	return slices.SortedFunc(maps.Keys(of), func(a, b K) int {
		return cmp.Or(cmp.Compare(by(a).to, by(b).to), cmp.Compare(by(a).from, by(b).from))
	})
}
