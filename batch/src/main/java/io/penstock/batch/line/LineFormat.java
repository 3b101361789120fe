package io.penstock.batch.line;

import io.penstock.serving.model.RequestEncoder;

/** Both ways of a line under one set of options: from a record to requests, and from results to what is written. */
public record LineFormat(LineReader reader, LineAnswers answers) {
    public static LineFormat of(RequestEncoder encoder, LineOptions options) {
        return new LineFormat(new LineReader(options, encoder.defaults()), new LineAnswers(encoder, options));
    }
}
