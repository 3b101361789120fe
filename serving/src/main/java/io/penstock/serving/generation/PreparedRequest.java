package io.penstock.serving.generation;

import io.penstock.runtime.SamplingParams;
import io.penstock.scheduler.OutputQueue;
import io.penstock.scheduler.Request;
import io.penstock.serving.model.EncodedPrompt;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.List;

/**
 * A request that has been checked and tokenized.
 *
 * @param params sampling parameters, one a choice
 * @param eosTokenIds the model's end tokens
 */
public record PreparedRequest(
        GenerationRequest asked, EncodedPrompt prompt, List<SamplingParams> params, int[] eosTokenIds) {

    /**
     * The request as the engine takes it; hashes the prompt's blocks.
     *
     * @param id the front's name for it
     * @param deadlineNs engine time, or {@link Request#NO_DEADLINE}; the request's own holds if it is sooner
     * @param output where its tokens go
     */
    public Request toRequest(long id, long deadlineNs, OutputQueue output) {
        GenerationRequest.Options options = asked.options();
        return new Request(id, prompt.tokenIds(), params, eosTokenIds,
                new Request.Options(options.priority(), Math.min(deadlineNs, options.deadlineNs()),
                        salt(options.cacheSalt()), options.promptLogprobs()), output);
    }

    /** 64 bits that another salt has by chance only: nobody can look for one that has them, as in a weaker hash. */
    private static long salt(String cacheSalt) {
        if (cacheSalt == null) {
            return 0;
        }
        try {
            byte[] digest = MessageDigest.getInstance("SHA-256").digest(cacheSalt.getBytes(StandardCharsets.UTF_8));
            return ByteBuffer.wrap(digest).getLong();
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java runtime has SHA-256", e);
        }
    }
}
