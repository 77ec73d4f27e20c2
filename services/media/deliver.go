package media

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/pulse-social/pulse/ent"
	"github.com/pulse-social/pulse/ent/schema"
	mediav1 "github.com/pulse-social/pulse/gen/pulse/media/v1"
	"github.com/pulse-social/pulse/services/internal/attachment"
	"github.com/pulse-social/pulse/services/internal/auth"
	"github.com/pulse-social/pulse/services/internal/id"
	"github.com/pulse-social/pulse/services/internal/store"
)

// deliver answers a file to whom may see what its picture is attached to. What one may not see answers as what is not there.
func (h *handler) deliver(w http.ResponseWriter, r *http.Request) {
	ctx := r.Context()
	viewer, err := h.viewer(r)
	switch {
	case errors.Is(err, errLink), errors.Is(err, auth.ErrToken), errors.Is(err, auth.ErrRevoked), errors.Is(err, auth.ErrAPIKey):
		http.Error(w, "the access token or the key is not good, or not any more: send another, or none", http.StatusUnauthorized)
		return
	case err != nil:
		h.unavailable(ctx, w, err)
		return
	}
	size, known := attachment.Size(r.PathValue("size"))
	mediaID, err := strconv.ParseInt(r.PathValue("media"), 10, 64)
	if !known || err != nil || id.String(mediaID) != r.PathValue("media") {
		notThere(w)
		return
	}
	row, public, err := h.visibility.Media(ctx, viewer, mediaID)
	switch {
	case store.IsNotFound(err):
		notThere(w)
		return
	case err != nil:
		h.unavailable(ctx, w, err)
		return
	}
	h.serve(w, r, row, nearest(row.Variants, size), public)
}

// notThere answers what is not there and what may not be seen. Neither is kept by anybody: it may be there in a moment.
func notThere(w http.ResponseWriter) {
	w.Header().Set("Cache-Control", "no-store")
	http.Error(w, "there is no such picture", http.StatusNotFound)
}

// unavailable answers what cannot be answered now.
func (h *handler) unavailable(ctx context.Context, w http.ResponseWriter, err error) {
	if ctx.Err() == nil {
		h.log.WarnContext(ctx, "a picture cannot be delivered", "error", err)
	}
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Retry-After", "1")
	http.Error(w, "the picture cannot be read now: try again in a moment", http.StatusServiceUnavailable)
}

// viewer answers who asks: by the access token, or by a delivery key; 0 is anybody.
func (h *handler) viewer(r *http.Request) (int64, error) {
	if header := r.Header.Values("Authorization"); len(header) > 0 {
		scheme, token, _ := strings.Cut(header[0], " ")
		if len(header) > 1 || !strings.EqualFold(scheme, "Bearer") {
			return 0, auth.ErrToken
		}
		caller, err := h.verifier.Verify(r.Context(), strings.TrimSpace(token))
		return caller.UserID, err
	}
	if !r.URL.Query().Has("key") {
		return 0, nil
	}
	numbers, err := h.keys.open(r.Context(), forDelivery, r.URL.Query().Get("key"), 2)
	if err != nil {
		return 0, err
	}
	return numbers[0], h.sessions.Check(r.Context(), numbers[1])
}

// nearest answers the variant of a size, or the next larger.
func nearest(variants []schema.MediaVariant, size mediav1.MediaSize) schema.MediaVariant {
	for _, v := range slices.Backward(variants) {
		if v.Size <= int32(size) {
			return v
		}
	}
	return variants[0]
}

// serve answers a file. It never changes; who may see it does, so caches ask again, unless operators let them wait.
func (h *handler) serve(w http.ResponseWriter, r *http.Request, row *ent.Media, v schema.MediaVariant, public bool) {
	head := w.Header()
	head.Set("ETag", fmt.Sprintf(`"%d-%d"`, row.ID, v.Size))
	head.Set("Content-Type", v.ContentType)
	head.Set("Content-Disposition", "inline")
	// A browser that is sent here takes it for a picture and nothing else; pages of others may show it.
	head.Set("Content-Security-Policy", "default-src 'none'; sandbox")
	head.Set("Cross-Origin-Resource-Policy", "cross-origin")
	head.Add("Vary", "Authorization")
	switch {
	case !public:
		head.Set("Cache-Control", "private, no-cache")
	case h.config.MaxAge > 0:
		head.Set("Cache-Control", fmt.Sprintf("public, max-age=%d", int(h.config.MaxAge.Seconds())))
	default:
		head.Set("Cache-Control", "public, no-cache")
	}
	if slices.Contains(splitTags(r.Header.Get("If-None-Match")), head.Get("ETag")) {
		w.WriteHeader(http.StatusNotModified) // Without a look at the storage.
		return
	}
	file, err := h.files.open(r.Context(), variantKey(row.ID, mediav1.MediaSize(v.Size)))
	if err == nil && file == nil {
		err = fmt.Errorf("picture %d has lost a file", row.ID)
	}
	if err != nil {
		for _, name := range []string{"ETag", "Content-Type", "Content-Disposition"} {
			head.Del(name)
		}
		h.unavailable(r.Context(), w, err)
		return
	}
	defer func() { _ = file.Close() }() // It was only read.
	http.ServeContent(w, r, "", time.Time{}, file)
}

// splitTags splits a list of entity tags; weak ones are compared as strong, as RFC 9110 has it for If-None-Match.
func splitTags(header string) []string {
	tags := strings.Split(header, ",")
	for i, tag := range tags {
		tags[i] = strings.TrimPrefix(strings.TrimSpace(tag), "W/")
	}
	return tags
}
