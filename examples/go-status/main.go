// A status service: GET /status answers {"status":"OK"}, GET /zone?name=Europe/Paris the time of noon UTC there, until SIGTERM or SIGINT arrives.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"log"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"
)

func main() {
	port := os.Getenv("PORT")
	if port == "" {
		port = "8080"
	}
	mux := http.NewServeMux()
	mux.HandleFunc("/status", func(w http.ResponseWriter, _ *http.Request) {
		answer(w, http.StatusOK, map[string]string{"status": "OK"})
	})
	mux.HandleFunc("/zone", func(w http.ResponseWriter, r *http.Request) {
		// The zone's file is looked for below /usr/share/zoneinfo when it is asked for, not before.
		zone, err := time.LoadLocation(r.URL.Query().Get("name"))
		if err != nil {
			answer(w, http.StatusNotFound, map[string]string{"error": err.Error()})
			return
		}
		noon := time.Date(2024, time.July, 1, 12, 0, 0, 0, time.UTC)
		answer(w, http.StatusOK, map[string]string{"noon": noon.In(zone).Format("15:04 MST")})
	})
	server := &http.Server{Addr: ":" + port, Handler: mux, ReadHeaderTimeout: 5 * time.Second}

	stop, cancel := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer cancel()
	go func() {
		<-stop.Done()
		deadline, done := context.WithTimeout(context.Background(), 5*time.Second)
		defer done()
		if err := server.Shutdown(deadline); err != nil {
			log.Print(err)
		}
	}()

	log.Printf("listening on %s", port)
	if err := server.ListenAndServe(); !errors.Is(err, http.ErrServerClosed) {
		log.Fatal(err)
	}
}

func answer(w http.ResponseWriter, status int, body map[string]string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	if err := json.NewEncoder(w).Encode(body); err != nil {
		log.Print(err)
	}
}
