package post

import (
	"context"
	"fmt"
	"slices"
	"time"

	entsql "entgo.io/ent/dialect/sql"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/pulse-social/pulse/ent"
	"github.com/pulse-social/pulse/ent/postversion"
	mediav1 "github.com/pulse-social/pulse/gen/pulse/media/v1"
	postv1 "github.com/pulse-social/pulse/gen/pulse/post/v1"
	"github.com/pulse-social/pulse/services/internal/attachment"
	"github.com/pulse-social/pulse/services/internal/auth"
	"github.com/pulse-social/pulse/services/internal/id"
)

// ListPostVersions lists what a post says and said, as far as the caller may see it.
func (h *handler) ListPostVersions(ctx context.Context, req *postv1.ListPostVersionsRequest) (*postv1.ListPostVersionsResponse, error) {
	post, cursor, err := h.openPage(ctx, req)
	if err != nil {
		return nil, err
	}
	var versions []*postv1.PostVersion
	before := cursor.After
	if before == 0 {
		versions, before = append(versions, currentVersion(post)), post.Version
	}
	may, err := h.visibility.Versions(ctx, auth.Caller(ctx).UserID, post)
	if err != nil {
		return nil, err
	}
	for len(versions) <= cursor.Size {
		rows, err := h.db.PostVersion.Query().Where(postversion.PostID(post.ID), postversion.VersionLT(before)).
			Order(postversion.ByVersion(entsql.OrderDesc())).Limit(cursor.Size + 1).All(ctx)
		if err != nil {
			return nil, fmt.Errorf("read versions: %w", err)
		}
		for _, row := range rows {
			before = row.Version
			if version := oldVersion(row); may(row.Audience, mentionedIn(version.GetFacets())) {
				versions = append(versions, version)
			}
		}
		if len(rows) <= cursor.Size {
			break
		}
	}
	if len(versions) > cursor.Size+1 {
		versions = versions[:cursor.Size+1]
	}
	versions, next := cut(cursor, versions, (*postv1.PostVersion).GetVersion)
	if err := h.showPictures(ctx, post, versions); err != nil {
		return nil, err
	}
	return &postv1.ListPostVersionsResponse{Versions: versions, NextPageToken: next}, nil
}

// showPictures completes the pictures of versions: all to the author, to others those that the post still has.
func (h *handler) showPictures(ctx context.Context, post *ent.Post, versions []*postv1.PostVersion) error {
	lists := make([]*[]*mediav1.Media, len(versions))
	for i, version := range versions {
		if auth.Caller(ctx).UserID != post.AuthorID {
			version.Media = slices.DeleteFunc(version.GetMedia(), func(m *mediav1.Media) bool { return !slices.Contains(post.Media, m.GetId()) })
		}
		lists[i] = &version.Media
	}
	return attachment.Fill(ctx, h.db.Client, lists...)
}

// currentVersion is what a post says now.
func currentVersion(post *ent.Post) *postv1.PostVersion {
	written := id.Time(post.ID)
	if post.EditedAt != nil {
		written = *post.EditedAt
	}
	return oldVersion(&ent.PostVersion{
		Version: post.Version, Text: post.Text, Facets: post.Facets, ContentWarning: post.ContentWarning, Language: post.Language,
		Audience: post.Audience, WrittenAt: written, Media: post.Media,
	})
}

func oldVersion(row *ent.PostVersion) *postv1.PostVersion {
	return &postv1.PostVersion{
		Version: row.Version, Text: row.Text, Facets: facetsOf(row.Facets), ContentWarning: row.ContentWarning, Language: row.Language,
		Audience: postv1.Audience(row.Audience), CreateTime: timestamppb.New(row.WrittenAt.Truncate(time.Millisecond)),
		Media: attachment.Named(row.Media),
	}
}
