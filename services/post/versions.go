package post

import (
	"context"
	"fmt"
	"time"

	entsql "entgo.io/ent/dialect/sql"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/pulse-social/pulse/ent"
	"github.com/pulse-social/pulse/ent/postversion"
	postv1 "github.com/pulse-social/pulse/gen/pulse/post/v1"
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
	return &postv1.ListPostVersionsResponse{Versions: versions, NextPageToken: next}, nil
}

// currentVersion is what a post says now.
func currentVersion(post *ent.Post) *postv1.PostVersion {
	written := id.Time(post.ID)
	if post.EditedAt != nil {
		written = *post.EditedAt
	}
	return oldVersion(&ent.PostVersion{
		Version: post.Version, Text: post.Text, Facets: post.Facets, ContentWarning: post.ContentWarning, Language: post.Language,
		Audience: post.Audience, WrittenAt: written,
	})
}

func oldVersion(row *ent.PostVersion) *postv1.PostVersion {
	return &postv1.PostVersion{
		Version: row.Version, Text: row.Text, Facets: facetsOf(row.Facets), ContentWarning: row.ContentWarning, Language: row.Language,
		Audience: postv1.Audience(row.Audience), CreateTime: timestamppb.New(row.WrittenAt.Truncate(time.Millisecond)),
	}
}
