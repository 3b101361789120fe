package io.penstock.batch.http;

import io.netty.buffer.Unpooled;
import io.netty.handler.codec.http.DefaultHttpContent;
import io.netty.handler.codec.http.DefaultHttpRequest;
import io.netty.handler.codec.http.DefaultLastHttpContent;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http.multipart.Attribute;
import io.netty.handler.codec.http.multipart.DefaultHttpDataFactory;
import io.netty.handler.codec.http.multipart.FileUpload;
import io.netty.handler.codec.http.multipart.HttpPostMultipartRequestDecoder;
import io.netty.handler.codec.http.multipart.HttpPostRequestDecoder;
import io.netty.handler.codec.http.multipart.InterfaceHttpData;
import io.penstock.runtime.InputException;
import io.penstock.serving.http.BodySink;
import io.penstock.serving.http.HttpExchange;
import io.penstock.serving.openai.response.ErrorBody;
import io.penstock.serving.openai.response.JsonBody;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.RejectedExecutionException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A file on its way from a client to the disk, as a form in parts: each piece is written before the next may come. */
final class Upload implements BodySink {
    private static final Logger LOG = LoggerFactory.getLogger(Upload.class);
    private static final int MAX_FIELD_BYTES = 4_096;

    private final HttpExchange exchange;
    private final ExecutorService disk;
    private final Path folder;
    private final Stored stored;
    private final HttpPostMultipartRequestDecoder form;

    /** Takes over what was uploaded. */
    interface Stored {
        /** @throws InputException if it is not taken */
        JsonBody store(String name, String purpose, Path content) throws IOException;
    }

    /**
     * Begins.
     *
     * @param disk writes, one piece of this upload at a time
     * @throws InputException if the request is no form
     */
    Upload(HttpExchange exchange, ExecutorService disk, Path folder, Stored stored) {
        this.exchange = exchange;
        this.disk = disk;
        this.folder = folder;
        this.stored = stored;
        String type = exchange.header(HttpHeaderNames.CONTENT_TYPE);
        var head = new DefaultHttpRequest(HttpVersion.HTTP_1_1, HttpMethod.POST, exchange.path());
        head.headers().set(HttpHeaderNames.CONTENT_TYPE, type == null ? "" : type);
        if (!HttpPostRequestDecoder.isMultipart(head)) {
            throw new InputException("a file must come as multipart/form-data, with the fields purpose and file");
        }
        var factory = new DefaultHttpDataFactory(true, StandardCharsets.UTF_8);
        factory.setBaseDir(folder.toString());
        factory.setDeleteOnExit(false);
        form = new HttpPostMultipartRequestDecoder(factory, head);
    }

    @Override
    public boolean take(byte[] piece) {
        submit(() -> {
            form.offer(new DefaultHttpContent(Unpooled.wrappedBuffer(piece)));
            exchange.eventLoop().execute(exchange::resumeBody);
        });
        return false;
    }

    @Override
    public void end() {
        submit(() -> {
            form.offer(new DefaultLastHttpContent());
            JsonBody answer = store();
            exchange.eventLoop().execute(() -> exchange.respond(200, answer));
            form.destroy();
        });
    }

    private JsonBody store() throws IOException {
        String purpose = null;
        FileUpload file = null;
        for (InterfaceHttpData part : form.getBodyHttpDatas()) {
            if (part instanceof Attribute field && field.getName().equals("purpose")
                    && field.length() <= MAX_FIELD_BYTES) {
                purpose = field.getValue();
            } else if (part instanceof FileUpload upload && upload.getName().equals("file")) {
                file = upload;
            }
        }
        if (purpose == null || file == null) {
            throw new InputException("a file must come with the fields purpose and file");
        }
        Path content = Files.createTempFile(folder, "upload", null);
        if (!file.renameTo(content.toFile())) {
            throw new IOException("the upload cannot be moved to " + content);
        }
        return stored.store(file.getFilename(), purpose, content);
    }

    private interface Task {
        void run() throws IOException;
    }

    private void submit(Task task) {
        try {
            disk.execute(() -> run(task));
        } catch (RejectedExecutionException e) {
            exchange.respond(503, ErrorBody.unavailable("the server is shutting down"));
        }
    }

    private void run(Task task) {
        try {
            task.run();
        } catch (InputException | HttpPostRequestDecoder.ErrorDataDecoderException e) {
            String message = (e instanceof InputException ? "" : "the form cannot be read: ") + e.getMessage();
            fail(400, new ErrorBody(message, ErrorBody.INVALID_REQUEST, null, null));
        } catch (IOException e) {
            LOG.error("an upload cannot be written", e);
            fail(507, new ErrorBody("the file cannot be written: " + e.getMessage(), ErrorBody.SERVER_ERROR, null,
                    null));
        } catch (RuntimeException e) {
            LOG.error("an upload failed because of a defect", e);
            fail(500, ErrorBody.defect());
        }
    }

    private void fail(int status, ErrorBody error) {
        exchange.eventLoop().execute(() -> {
            if (!exchange.isOver()) {
                exchange.respond(status, error);
            }
        });
    }

    @Override
    public void cut() {
        submit(form::destroy);
    }
}
