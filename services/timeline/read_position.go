package timeline

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/pulse-social/pulse/ent"
	"github.com/pulse-social/pulse/ent/predicate"
	"github.com/pulse-social/pulse/ent/readposition"
	errorsv1 "github.com/pulse-social/pulse/gen/pulse/errors/v1"
	timelinev1 "github.com/pulse-social/pulse/gen/pulse/timeline/v1"
	"github.com/pulse-social/pulse/services/internal/auth"
	"github.com/pulse-social/pulse/services/internal/id"
	"github.com/pulse-social/pulse/services/internal/page"
	"github.com/pulse-social/pulse/services/internal/rpc"
	"github.com/pulse-social/pulse/services/internal/store"
)

const (
	// mostUnread is how many unread posts are counted; it stands for "more than one less".
	mostUnread = 100
	// positionAhead is how far ahead of the clock the time of a read post may be: clocks differ.
	positionAhead = time.Minute

	publicName, listPrefix = "public", "list:"
)

// GetReadPosition answers how far the caller has read a timeline, and how many posts are newer.
func (h *handler) GetReadPosition(ctx context.Context, req *timelinev1.GetReadPositionRequest) (*timelinev1.GetReadPositionResponse, error) {
	caller := auth.Caller(ctx).UserID
	row, err := h.db.ReadPosition.Query().Where(positionOf(caller, req.GetTimeline())).Only(ctx)
	if err != nil && !store.IsNotFound(err) {
		return nil, fmt.Errorf("read the position: %w", err)
	}
	position := positionProto(req.GetTimeline(), row)
	cursor := page.Cursor{Size: mostUnread, After: position.GetPostId()}
	if cursor.After > 0 {
		cursor.Direction = page.Back
	}
	timeline, err := h.openNamed(ctx, req.GetTimeline(), cursor)
	if err != nil {
		return nil, err
	}
	p, err := read(ctx, cursor, h.now(), timeline.ids, func(ctx context.Context, ids []int64) ([]readPost, error) {
		posts, err := timeline.hydrate(ctx, ids)
		return slices.DeleteFunc(posts, func(post readPost) bool { return post.author == caller }), err
	})
	if err != nil {
		return nil, err
	}
	return &timelinev1.GetReadPositionResponse{Position: position, UnreadCount: int32(len(p.posts))}, nil
}

// SetReadPosition notes how far the caller has read a timeline.
func (h *handler) SetReadPosition(ctx context.Context, req *timelinev1.SetReadPositionRequest) (*timelinev1.SetReadPositionResponse, error) {
	caller := auth.Caller(ctx).UserID
	if ahead := id.Time(req.GetPostId()).Sub(h.now()); ahead > positionAhead {
		return nil, rpc.Fail(errorsv1.Reason_REASON_READ_POSITION_INVALID, "the post %d would be written %v from now: give the id of one that was read", req.GetPostId(), ahead)
	}
	if listID, ok := listOf(req.GetTimeline()); ok {
		if _, err := h.openList(ctx, listID); err != nil {
			return nil, err
		}
	}
	return store.Answer(ctx, h.db, func(tx *store.Tx) (*timelinev1.SetReadPositionResponse, error) {
		if err := note(ctx, tx, caller, req); err != nil {
			return nil, fmt.Errorf("note the position: %w", err)
		}
		row, err := tx.ReadPosition.Query().Where(positionOf(caller, req.GetTimeline())).Only(ctx)
		if err != nil {
			return nil, err
		}
		return &timelinev1.SetReadPositionResponse{Position: positionProto(req.GetTimeline(), row)}, nil
	})
}

// note writes a position, unless there is one already that it may not take back: devices are heard late, so the newest
// post counts.
func note(ctx context.Context, tx *store.Tx, caller int64, req *timelinev1.SetReadPositionRequest) error {
	where := []predicate.ReadPosition{positionOf(caller, req.GetTimeline())}
	there, err := tx.ReadPosition.Query().Where(where...).Exist(ctx)
	if err != nil {
		return err
	}
	if !there {
		return tx.ReadPosition.Create().SetID(tx.NewID()).SetUserID(caller).SetTimeline(req.GetTimeline()).
			SetPostID(req.GetPostId()).SetUpdatedAt(tx.Now).Exec(ctx)
	}
	if !req.GetForce() {
		where = append(where, readposition.PostIDLT(req.GetPostId()))
	}
	return tx.ReadPosition.Update().Where(where...).SetPostID(req.GetPostId()).SetUpdatedAt(tx.Now).Exec(ctx)
}

// positionOf matches the position of somebody in a timeline.
func positionOf(userID int64, timeline string) predicate.ReadPosition {
	return readposition.And(readposition.UserID(userID), readposition.Timeline(timeline))
}

// positionProto is a position as it is answered; nil is one that nobody has noted.
func positionProto(timeline string, row *ent.ReadPosition) *timelinev1.ReadPosition {
	position := &timelinev1.ReadPosition{Timeline: timeline}
	if row != nil {
		position.PostId, position.UpdateTime = row.PostID, timestamppb.New(row.UpdatedAt)
	}
	return position
}

// listOf answers the id of the list whose timeline a name is.
func listOf(timeline string) (listID int64, ok bool) {
	text, ok := strings.CutPrefix(timeline, listPrefix)
	if !ok {
		return 0, false
	}
	listID, _ = strconv.ParseInt(text, 10, 64) // One that is too large is that of no list, and so is what comes out.
	return listID, true
}

// openNamed opens the timeline of a read position for a page.
func (h *handler) openNamed(ctx context.Context, name string, cursor page.Cursor) (opened, error) {
	if listID, ok := listOf(name); ok {
		return h.openList(ctx, listID)
	}
	if name == publicName {
		return h.matching(ctx, publicPosts()), nil
	}
	home := &home{handler: h, viewer: auth.Caller(ctx).UserID}
	err := home.open(ctx, spanOf(cursor), cursor.Size+1)
	return opened{ids: home.ids, hydrate: home.hydrate}, err
}
