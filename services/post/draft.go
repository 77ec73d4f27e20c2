package post

import (
	"context"
	"fmt"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/pulse-social/pulse/ent"
	entdraft "github.com/pulse-social/pulse/ent/draft"
	errorsv1 "github.com/pulse-social/pulse/gen/pulse/errors/v1"
	postv1 "github.com/pulse-social/pulse/gen/pulse/post/v1"
	"github.com/pulse-social/pulse/services/internal/auth"
	"github.com/pulse-social/pulse/services/internal/id"
	"github.com/pulse-social/pulse/services/internal/page"
	"github.com/pulse-social/pulse/services/internal/rpc"
	"github.com/pulse-social/pulse/services/internal/store"
)

const (
	// maxDrafts bounds how many drafts a person has, scheduled ones among them.
	maxDrafts = 300
	// soonest and latest bound how far away the time is that a post is scheduled for.
	soonest = time.Minute
	latest  = 365 * 24 * time.Hour
)

// CreateDraft keeps a post that is not published yet.
func (h *handler) CreateDraft(ctx context.Context, req *postv1.CreateDraftRequest) (*postv1.CreateDraftResponse, error) {
	return store.Answer(ctx, h.db, func(tx *store.Tx) (*postv1.CreateDraftResponse, error) {
		draft, err := h.newDraft(ctx, tx, auth.Caller(ctx).UserID, req.GetPost())
		return &postv1.CreateDraftResponse{Draft: draft}, err
	})
}

// newDraft writes a draft.
func (h *handler) newDraft(ctx context.Context, tx *store.Tx, author int64, post *postv1.CreatePostRequest) (*postv1.Draft, error) {
	if err := h.schedulable(ctx, tx, author, post); err != nil {
		return nil, err
	}
	drafts, err := tx.Draft.Query().Where(entdraft.AuthorID(author)).Count(ctx)
	if err != nil {
		return nil, fmt.Errorf("count drafts: %w", err)
	}
	if drafts >= maxDrafts {
		return nil, rpc.Fail(errorsv1.Reason_REASON_TOO_MANY_DRAFTS, "you have %d drafts, as many as one may have: publish or delete one first", maxDrafts).
			With("limit", maxDrafts)
	}
	encoded, at, err := encodeDraft(post)
	if err != nil {
		return nil, err
	}
	row, err := tx.Draft.Create().SetID(tx.NewID()).SetAuthorID(author).SetPost(encoded).SetNillableScheduledAt(at).Save(ctx)
	if err != nil {
		return nil, err
	}
	if err := keepPictures(ctx, tx, author, row.ID, post.GetMediaIds()); err != nil {
		return nil, err
	}
	return draftToProto(row)
}

// schedulable refuses to schedule what could not be published now. What has no time may be as unfinished as drafts are.
func (h *handler) schedulable(ctx context.Context, tx *store.Tx, author int64, post *postv1.CreatePostRequest) error {
	if post.GetScheduledTime() == nil {
		return nil
	}
	away := post.GetScheduledTime().AsTime().Sub(tx.Now)
	if !post.GetScheduledTime().IsValid() || away < soonest || away > latest {
		return rpc.Fail(errorsv1.Reason_REASON_SCHEDULED_TIME_INVALID, "choose a time that is at least a minute and at most a year from now")
	}
	says, err := h.config.content(post.GetText(), post.GetContentWarning(), post.GetLanguage(), post.GetMediaIds())
	if err != nil {
		return err
	}
	_, err = h.plan(ctx, tx, author, post, says)
	return err
}

// encodeDraft answers a draft's post as it is kept, and its time, which is kept apart.
func encodeDraft(post *postv1.CreatePostRequest) ([]byte, *time.Time, error) {
	kept := proto.CloneOf(post)
	kept.ScheduledTime = nil
	encoded, err := proto.Marshal(kept)
	if err != nil || post.GetScheduledTime() == nil {
		return append([]byte{}, encoded...), nil, err
	}
	at := post.GetScheduledTime().AsTime().Truncate(time.Millisecond)
	return append([]byte{}, encoded...), &at, nil
}

// decodeDraft is the other way of encodeDraft.
func decodeDraft(row *ent.Draft) (*postv1.CreatePostRequest, error) {
	post := &postv1.CreatePostRequest{}
	if err := proto.Unmarshal(row.Post, post); err != nil {
		return nil, fmt.Errorf("decode draft %d: %w", row.ID, err)
	}
	if row.ScheduledAt != nil {
		post.ScheduledTime = timestamppb.New(*row.ScheduledAt)
	}
	return post, nil
}

func draftToProto(row *ent.Draft) (*postv1.Draft, error) {
	post, err := decodeDraft(row)
	return &postv1.Draft{
		Id: row.ID, Post: post, Failure: errorsv1.Reason(row.Failure), Etag: etag(row.Version), CreateTime: timestamppb.New(id.Time(row.ID)),
	}, err
}

// UpdateDraft changes a draft of the caller.
func (h *handler) UpdateDraft(ctx context.Context, req *postv1.UpdateDraftRequest) (*postv1.UpdateDraftResponse, error) {
	fields, err := draftFields(req.GetUpdateMask().GetPaths())
	if err != nil {
		return nil, err
	}
	author := auth.Caller(ctx).UserID
	return store.Answer(ctx, h.db, func(tx *store.Tx) (*postv1.UpdateDraftResponse, error) {
		row, err := ownDraft(ctx, tx, author, req.GetDraftId())
		if err != nil {
			return nil, err
		}
		if req.GetEtag() != "" && req.GetEtag() != etag(row.Version) {
			return nil, rpc.Fail(errorsv1.Reason_REASON_ETAG_MISMATCH, "the draft was changed since you read it: read it again and repeat your change")
		}
		post, err := decodeDraft(row)
		if err != nil {
			return nil, err
		}
		copyFields(post, req.GetPost(), fields)
		if err := h.schedulable(ctx, tx, author, post); err != nil {
			return nil, err
		}
		draft, err := saveDraft(ctx, tx, row, post)
		return &postv1.UpdateDraftResponse{Draft: draft}, err
	})
}

// saveDraft writes a changed draft over the one that was read; what failed before may be well now.
func saveDraft(ctx context.Context, tx *store.Tx, row *ent.Draft, post *postv1.CreatePostRequest) (*postv1.Draft, error) {
	encoded, at, err := encodeDraft(post)
	if err != nil {
		return nil, err
	}
	change := tx.Draft.Update().Where(entdraft.ID(row.ID), entdraft.Version(row.Version)).SetPost(encoded).SetFailure(0).AddVersion(1)
	if at != nil {
		change.SetScheduledAt(*at)
	} else {
		change.ClearScheduledAt()
	}
	changed, err := change.Save(ctx)
	if err != nil {
		return nil, err
	}
	if changed == 0 { // It was changed or published meanwhile.
		return nil, store.ErrRaceLost
	}
	if err := detach(ctx, tx, row.ID); err != nil {
		return nil, err
	}
	if err := keepPictures(ctx, tx, row.AuthorID, row.ID, post.GetMediaIds()); err != nil {
		return nil, err
	}
	return draftToProto(&ent.Draft{ID: row.ID, Post: encoded, ScheduledAt: at, Version: row.Version + 1})
}

// draftFields answers the fields of a post that a mask names.
func draftFields(paths []string) ([]protoreflect.FieldDescriptor, error) {
	if len(paths) == 0 {
		return nil, rpc.Fail(errorsv1.Reason_REASON_UPDATE_MASK_INVALID, "update_mask names nothing: name fields of post, such as text")
	}
	known := (&postv1.CreatePostRequest{}).ProtoReflect().Descriptor().Fields()
	fields := make([]protoreflect.FieldDescriptor, len(paths))
	for i, path := range paths {
		if fields[i] = known.ByName(protoreflect.Name(path)); fields[i] == nil {
			return nil, rpc.Fail(errorsv1.Reason_REASON_UPDATE_MASK_INVALID, "update_mask names %q, which is no field of post", path).With("path", path)
		}
	}
	return fields, nil
}

// copyFields makes fields of a post those of another.
func copyFields(to, from *postv1.CreatePostRequest, fields []protoreflect.FieldDescriptor) {
	for _, field := range fields {
		if from.ProtoReflect().Has(field) {
			to.ProtoReflect().Set(field, from.ProtoReflect().Get(field))
		} else {
			to.ProtoReflect().Clear(field)
		}
	}
}

// ownDraft answers a draft of the caller.
func ownDraft(ctx context.Context, tx *store.Tx, author, draftID int64) (*ent.Draft, error) {
	row, err := tx.Draft.Query().Where(entdraft.ID(draftID), entdraft.AuthorID(author)).Only(ctx)
	if store.IsNotFound(err) {
		return nil, rpc.Fail(errorsv1.Reason_REASON_DRAFT_NOT_FOUND, "you have no such draft: it may have been published")
	}
	return row, err
}

// ListDrafts lists the caller's drafts.
func (h *handler) ListDrafts(ctx context.Context, req *postv1.ListDraftsRequest) (*postv1.ListDraftsResponse, error) {
	cursor, err := page.Read(req)
	if err != nil {
		return nil, err
	}
	rows, err := h.db.Draft.Query().Where(entdraft.AuthorID(auth.Caller(ctx).UserID), latestFirst(cursor)).All(ctx)
	if err != nil {
		return nil, fmt.Errorf("read drafts: %w", err)
	}
	rows, next := cut(cursor, rows, func(d *ent.Draft) int64 { return d.ID })
	drafts := make([]*postv1.Draft, len(rows))
	for i, row := range rows {
		if drafts[i], err = draftToProto(row); err != nil {
			return nil, err
		}
	}
	return &postv1.ListDraftsResponse{Drafts: drafts, NextPageToken: next}, nil
}

// DeleteDraft deletes a draft of the caller.
func (h *handler) DeleteDraft(ctx context.Context, req *postv1.DeleteDraftRequest) (*postv1.DeleteDraftResponse, error) {
	return store.Answer(ctx, h.db, func(tx *store.Tx) (*postv1.DeleteDraftResponse, error) {
		row, err := ownDraft(ctx, tx, auth.Caller(ctx).UserID, req.GetDraftId())
		if err != nil {
			return nil, err
		}
		return &postv1.DeleteDraftResponse{}, claim(ctx, tx, row)
	})
}

// claim takes a draft away, for its one publication or for good. Who finds it changed or gone meanwhile looks again.
func claim(ctx context.Context, tx *store.Tx, row *ent.Draft) error {
	claimed, err := tx.Draft.Delete().Where(entdraft.ID(row.ID), entdraft.Version(row.Version)).Exec(ctx)
	if err != nil {
		return err
	}
	if claimed == 0 {
		return store.ErrRaceLost
	}
	return detach(ctx, tx, row.ID)
}
