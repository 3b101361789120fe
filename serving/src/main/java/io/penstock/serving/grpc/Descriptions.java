package io.penstock.serving.grpc;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.penstock.runtime.ModelLimits;
import io.penstock.runtime.config.ModelConfig;
import io.penstock.runtime.cpu.Arithmetic;
import io.penstock.scheduler.SchedulerStats;
import io.penstock.serving.grpc.wire.EngineLoad;
import io.penstock.serving.grpc.wire.GetLoadsResponse;
import io.penstock.serving.grpc.wire.GetModelInfoResponse;
import io.penstock.serving.grpc.wire.GetServerInfoResponse;
import io.penstock.serving.grpc.wire.SchedulerLoad;
import io.penstock.serving.openai.SamplingDefaults;
import io.penstock.serving.server.Health;
import io.penstock.serving.server.ServedModel;
import io.penstock.serving.server.ServingCore;
import java.time.Instant;
import java.util.Arrays;

/** What the server says of its model, itself and its load: from memory, so that a probe never waits. */
final class Descriptions {
    private static final double MS = 1e-3;
    private static final double NS = 1e-9;

    private final ServingCore core;
    private final GetModelInfoResponse modelInfo;

    Descriptions(ServingCore core) {
        this.core = core;
        modelInfo = modelInfo(core.model(), core.streams().encoder().defaults());
    }

    GetModelInfoResponse modelInfo() {
        return modelInfo;
    }

    private static GetModelInfoResponse modelInfo(ServedModel model, SamplingDefaults defaults) {
        ModelConfig config = model.source().config();
        String path = model.source().directory().toAbsolutePath().normalize().toString();
        int maxModelLen = model.resolved().limits().maxModelLen();
        return GetModelInfoResponse.newBuilder()
                .setModelPath(path)
                .setTokenizerPath(path)
                .setIsGeneration(true)
                .setMaxContextLength(maxModelLen)
                .setVocabSize(config.vocabSize())
                .setServedModelName(model.name())
                .setModelType(config.isMoe() ? ModelConfig.MOE_TYPE : ModelConfig.DENSE_TYPE)
                .addArchitectures(config.isMoe() ? "Lfm2MoeForCausalLM" : "Lfm2ForCausalLM")
                .addAllEosTokenIds(Arrays.stream(model.source().eosTokenIds()).boxed().toList())
                .setPadTokenId(config.tokens().padTokenId())
                .setBosTokenId(config.tokens().bosTokenId())
                .setMaxReqInputLen(maxModelLen - 1)
                .setDefaultSamplingParamsJson(samplingJson(defaults).toString())
                .build();
    }

    private static ObjectNode samplingJson(SamplingDefaults defaults) {
        ObjectNode json = JsonNodeFactory.instance.objectNode();
        json.put("temperature", defaults.temperature());
        json.put("top_p", defaults.topP());
        json.put("top_k", defaults.topK());
        json.put("min_p", defaults.minP());
        json.put("repetition_penalty", defaults.repetitionPenalty());
        return json;
    }

    GetServerInfoResponse serverInfo() {
        ServedModel model = core.model();
        String dtype = model.config().arithmetic() == Arithmetic.FLOAT32 ? "float32" : "bfloat16";
        return GetServerInfoResponse.newBuilder()
                .setActiveRequests(core.streams().numOpen())
                .setIsPaused(core.health() == Health.DRAINING)
                .setLastReceiveTimestamp(core.lastRequestMs() * MS)
                .setUptimeSeconds(core.uptimeNs() * NS)
                .setServerType("penstock-grpc")
                .setDataParallelSize(1)
                .setKvCacheDtype(dtype)
                .setModelDtype(dtype)
                .setBlockSize(ModelLimits.BLOCK_TOKENS)
                .setAttentionBackend("penstock")
                .setMaxNumSeqs(model.resolved().limits().maxNumSeqs())
                .build();
    }

    GetLoadsResponse loads() {
        return GetLoadsResponse.newBuilder()
                .setTimestamp(Instant.now().toString())
                .setVersion(core.model().version())
                .setDpRankCount(1)
                .addLoads(load())
                .build();
    }

    EngineLoad.Builder engineLoad() {
        SchedulerLoad load = load();
        return EngineLoad.newBuilder()
                .setRunningRequests(load.getNumRunningReqs())
                .setWaitingRequests(load.getNumWaitingReqs())
                .setTokenUsage(load.getTokenUsage())
                .setGenThroughput(load.getGenThroughput())
                .setMaxRunningRequests(load.getMaxRunningRequests())
                .setCacheHitRate(load.getCacheHitRate())
                .setNumUsedTokens(load.getNumUsedTokens())
                .setMaxTotalNumTokens(load.getMaxTotalNumTokens());
    }

    private SchedulerLoad load() {
        SchedulerStats stats = core.streams().stats();
        ModelLimits limits = core.model().resolved().limits();
        int maxTokens = limits.numKvBlocks() * ModelLimits.BLOCK_TOKENS;
        int usedTokens = stats.numBlocksInUse() * ModelLimits.BLOCK_TOKENS;
        long numPrompt = stats.numPromptTokens();
        return SchedulerLoad.newBuilder()
                .setNumRunningReqs(stats.numRunning())
                .setNumWaitingReqs(stats.numWaiting())
                .setNumTotalReqs(stats.numRunning() + stats.numWaiting())
                .setNumUsedTokens(usedTokens)
                .setMaxTotalNumTokens(maxTokens)
                .setTokenUsage((double) usedTokens / maxTokens)
                .setGenThroughput(core.tokensPerSecond())
                .setCacheHitRate(numPrompt == 0 ? 0 : (double) stats.numCachedTokens() / numPrompt)
                .setUtilization((double) stats.numRunning() / limits.maxNumSeqs())
                .setMaxRunningRequests(limits.maxNumSeqs())
                .build();
    }
}
