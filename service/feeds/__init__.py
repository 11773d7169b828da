"""News feeds: fetched, translated, grouped into stories, and rendered as digests to read or to subscribe to."""
