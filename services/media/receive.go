package media

import (
	"errors"
	"net/http"
	"time"

	entmedia "github.com/pulse-social/pulse/ent/media"
	"github.com/pulse-social/pulse/services/internal/attachment"
	"github.com/pulse-social/pulse/services/internal/store"
)

// receiveTime bounds how long a file may take to come.
const receiveTime = 5 * time.Minute

// receive takes the file of an upload. Sent again, it takes the place of the one before, until the upload is completed.
func (h *handler) receive(w http.ResponseWriter, r *http.Request) {
	ctx := r.Context()
	w.Header().Set("Cache-Control", "no-store")
	numbers, err := h.keys.open(ctx, forUpload, r.PathValue("upload"), 1)
	switch {
	case errors.Is(err, errLink):
		http.Error(w, "there is no such upload, or not any more: begin another by CreateUpload", http.StatusNotFound)
		return
	case err != nil:
		h.unavailable(ctx, w, err)
		return
	}
	row, err := h.db.Media.Query().Where(entmedia.ID(numbers[0]), entmedia.State(attachment.Uploading)).Only(ctx)
	switch {
	case store.IsNotFound(err):
		http.Error(w, "the upload is completed or gone: begin another by CreateUpload", http.StatusNotFound)
		return
	case err != nil:
		h.unavailable(ctx, w, err)
		return
	}
	limit := min(row.SizeBytes, h.config.MaxBytes)
	if r.ContentLength > limit {
		h.refuseSize(w, r, limit)
		return
	}
	_ = http.NewResponseController(w).SetReadDeadline(h.now().Add(receiveTime)) // Where the connection has none, the gateway's holds.
	err = h.files.write(ctx, uploadKey(row.ID), row.ContentType, http.MaxBytesReader(w, r.Body, limit))
	if _, large := errors.AsType[*http.MaxBytesError](err); large {
		h.refuseSize(w, r, limit)
		return
	}
	if err != nil {
		h.unavailable(ctx, w, err)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

func (h *handler) refuseSize(w http.ResponseWriter, r *http.Request, limit int64) {
	h.measure.refused(r.Context(), tooLarge(limit))
	http.Error(w, "the file is larger than CreateUpload was told", http.StatusRequestEntityTooLarge)
}
