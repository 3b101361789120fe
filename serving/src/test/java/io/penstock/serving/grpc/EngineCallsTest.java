package io.penstock.serving.grpc;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.google.protobuf.DescriptorProtos.FileDescriptorProto;
import io.grpc.CallOptions;
import io.grpc.MethodDescriptor;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.health.v1.HealthCheckResponse.ServingStatus;
import io.grpc.health.v1.HealthGrpc;
import io.grpc.reflection.v1.ServerReflectionGrpc;
import io.grpc.reflection.v1.ServerReflectionRequest;
import io.grpc.reflection.v1.ServerReflectionResponse;
import io.grpc.stub.ClientCalls;
import io.grpc.stub.StreamObserver;
import io.penstock.serving.grpc.wire.AbortRequest;
import io.penstock.serving.grpc.wire.EmbedRequest;
import io.penstock.serving.grpc.wire.FlushCacheRequest;
import io.penstock.serving.grpc.wire.GetLoadsRequest;
import io.penstock.serving.grpc.wire.GetModelInfoRequest;
import io.penstock.serving.grpc.wire.GetModelInfoResponse;
import io.penstock.serving.grpc.wire.GetServerInfoRequest;
import io.penstock.serving.grpc.wire.GetServerInfoResponse;
import io.penstock.serving.grpc.wire.GetTokenizerChunk;
import io.penstock.serving.grpc.wire.GetTokenizerRequest;
import io.penstock.serving.grpc.wire.HealthCheckRequest;
import io.penstock.serving.grpc.wire.ProfileResponse;
import io.penstock.serving.grpc.wire.SchedulerLoad;
import io.penstock.serving.grpc.wire.StartProfileRequest;
import io.penstock.serving.grpc.wire.StopProfileRequest;
import io.penstock.serving.grpc.wire.VllmEngineGrpc;
import io.penstock.serving.offline.DemoModel;
import io.penstock.serving.stream.StreamLimits;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.Iterator;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.zip.ZipEntry;
import java.util.zip.ZipInputStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Every call but Generate. */
class EngineCallsTest {
    @TempDir
    static Path profiles;

    private static DemoServer server;

    @BeforeAll
    static void start() {
        server = new DemoServer(DemoModel.small(), StreamLimits.DEFAULTS, profiles, null);
    }

    @AfterAll
    static void end() {
        server.close();
    }

    private static Status.Code code(Runnable call) {
        return assertThrows(StatusRuntimeException.class, call::run).getStatus().getCode();
    }

    @Test
    void healthIsGood() {
        assertTrue(server.stub().healthCheck(HealthCheckRequest.getDefaultInstance()).getHealthy());
        for (String service : List.of("", "vllm.grpc.engine.VllmEngine")) {
            assertEquals(ServingStatus.SERVING, HealthGrpc.newBlockingStub(server.channel).check(
                    io.grpc.health.v1.HealthCheckRequest.newBuilder().setService(service).build()).getStatus());
        }
    }

    @Test
    void modelInfoSaysWhatGatewaysNeed() throws IOException {
        GetModelInfoResponse info = server.stub().getModelInfo(GetModelInfoRequest.getDefaultInstance());
        assertEquals("penstock-demo", info.getServedModelName());
        assertEquals(512, info.getMaxContextLength());
        assertEquals(511, info.getMaxReqInputLen());
        assertEquals(4096, info.getVocabSize());
        assertEquals(List.of(4049), info.getEosTokenIdsList());
        assertEquals(4043, info.getBosTokenId());
        assertEquals("lfm2_moe", info.getModelType());
        assertTrue(info.getIsGeneration());
        assertTrue(Files.isRegularFile(Path.of(info.getTokenizerPath()).resolve("tokenizer.json")));
        JsonNode sampling = new ObjectMapper().readTree(info.getDefaultSamplingParamsJson());
        assertEquals(0.2, sampling.get("temperature").doubleValue());
        assertEquals(80, sampling.get("top_k").intValue());
        assertEquals(1.05, sampling.get("repetition_penalty").doubleValue());
    }

    @Test
    void serverInfoAndLoadsCount() {
        GetServerInfoResponse info = server.stub().getServerInfo(GetServerInfoRequest.getDefaultInstance());
        assertEquals(64, info.getBlockSize());
        assertEquals(8, info.getMaxNumSeqs());
        assertEquals(1, info.getDataParallelSize());
        assertTrue(info.getUptimeSeconds() > 0);
        server.stub().generate(DemoServer.exactly("g", 3).build()).forEachRemaining(_ -> { });
        SchedulerLoad load = server.stub().getLoads(
                GetLoadsRequest.newBuilder().addInclude("core").build()).getLoads(0);
        assertEquals(8, load.getMaxRunningRequests());
        assertTrue(load.getTokenUsage() >= 0 && load.getTokenUsage() <= 1);
        assertTrue(load.getMaxTotalNumTokens() >= 512);
        info = server.stub().getServerInfo(GetServerInfoRequest.getDefaultInstance());
        assertTrue(info.getLastReceiveTimestamp() > 0);
        assertEquals(Status.Code.INVALID_ARGUMENT, code(() ->
                server.stub().getLoads(GetLoadsRequest.newBuilder().setDpRank(1).build())));
    }

    @Test
    void tokenizerIsAZipOfTheFiles() throws Exception {
        var bytes = new ByteArrayOutputStream();
        String sha = "";
        Iterator<GetTokenizerChunk> chunks = server.stub().getTokenizer(GetTokenizerRequest.getDefaultInstance());
        int numChunks = 0;
        while (chunks.hasNext()) {
            GetTokenizerChunk chunk = chunks.next();
            chunk.getData().writeTo(bytes);
            sha = chunk.getSha256();
            numChunks++;
        }
        assertTrue(numChunks > 1 || bytes.size() < 65_536, numChunks + " pieces");
        assertEquals(sha, HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes.toByteArray())));
        Set<String> names = new TreeSet<>();
        try (var zip = new ZipInputStream(new ByteArrayInputStream(bytes.toByteArray()))) {
            for (ZipEntry entry = zip.getNextEntry(); entry != null; entry = zip.getNextEntry()) {
                names.add(entry.getName());
                assertArrayEquals(Files.readAllBytes(
                        DemoModel.path("models/penstock-demo").resolve(entry.getName())), zip.readAllBytes());
            }
        }
        assertEquals(Set.of("tokenizer.json", "tokenizer_config.json", "config.json", "generation_config.json",
                "chat_template.jinja"), names);
    }

    @Test
    void flushForgetsPrefixes() throws InterruptedException {
        String prompt = "A dog and a fox met. ".repeat(30);
        Runnable ask = () -> server.stub().generate(DemoServer.request("f", prompt, DemoServer.sampling(1)).build())
                .forEachRemaining(_ -> { });
        ask.run();
        assertTrue(server.core.streams().stats().numBlocksCached() > 0);
        assertTrue(server.stub().flushCache(FlushCacheRequest.getDefaultInstance()).getSuccess());
        long numCached = server.core.streams().stats().numCachedTokens();
        ask.run();
        assertEquals(numCached, server.core.streams().stats().numCachedTokens());
    }

    @Test
    void profileIsWritten() {
        ProfileResponse early = server.stub().stopProfile(StopProfileRequest.getDefaultInstance());
        assertFalse(early.getSuccess());
        ProfileResponse started = server.stub().startProfile(StartProfileRequest.getDefaultInstance());
        assertTrue(started.getSuccess(), started::getMessage);
        assertFalse(server.stub().startProfile(StartProfileRequest.getDefaultInstance()).getSuccess());
        ProfileResponse stopped = server.stub().stopProfile(StopProfileRequest.getDefaultInstance());
        assertTrue(stopped.getSuccess(), stopped::getMessage);
        assertTrue(Files.isRegularFile(Path.of(stopped.getMessage())));
        assertEquals(profiles, Path.of(stopped.getMessage()).getParent());
        assertEquals(Status.Code.INVALID_ARGUMENT, code(() -> server.stub().startProfile(
                StartProfileRequest.newBuilder().setOutputDir("/tmp/elsewhere").build())));
        assertEquals(Status.Code.INVALID_ARGUMENT, code(() -> server.stub().startProfile(
                StartProfileRequest.newBuilder().addActivities("GPU").build())));
        assertEquals(Status.Code.INVALID_ARGUMENT, code(() -> server.stub().startProfile(
                StartProfileRequest.newBuilder().setProfileByStage(true).build())));
    }

    @Test
    void whatIsNotThereIsUnimplemented() {
        assertEquals(Status.Code.UNIMPLEMENTED,
                code(() -> server.stub().embed(EmbedRequest.getDefaultInstance())));
        MethodDescriptor<HealthCheckRequest, GetLoadsRequest> foreign =
                VllmEngineGrpc.getHealthCheckMethod().toBuilder(
                        VllmEngineGrpc.getHealthCheckMethod().getRequestMarshaller(),
                        VllmEngineGrpc.getGetLoadsMethod().getRequestMarshaller())
                        .setFullMethodName("sglang.grpc.scheduler.SglangScheduler/HealthCheck").build();
        assertEquals(Status.Code.UNIMPLEMENTED, code(() -> ClientCalls.blockingUnaryCall(server.channel, foreign,
                CallOptions.DEFAULT.withDeadlineAfter(10, TimeUnit.SECONDS),
                HealthCheckRequest.getDefaultInstance())));
    }

    @Test
    void abortOfUnknownNamesIsFine() {
        server.stub().abort(AbortRequest.newBuilder().addRequestIds("nobody").addRequestIds("").build());
    }

    @Test
    void reflectionNamesServicesAndFiles() throws Exception {
        List<String> services = new ArrayList<>();
        reflect(ServerReflectionRequest.newBuilder().setListServices("*").build()).getListServicesResponse()
                .getServiceList().forEach(service -> services.add(service.getName()));
        assertTrue(services.containsAll(List.of("vllm.grpc.engine.VllmEngine", "grpc.health.v1.Health",
                "grpc.reflection.v1.ServerReflection", "grpc.reflection.v1alpha.ServerReflection")),
                services::toString);
        ServerReflectionResponse file = reflect(ServerReflectionRequest.newBuilder()
                .setFileContainingSymbol("vllm.grpc.engine.VllmEngine").build());
        FileDescriptorProto descriptor = FileDescriptorProto.parseFrom(
                file.getFileDescriptorResponse().getFileDescriptorProto(0));
        assertEquals("vllm_engine.proto", descriptor.getName());
        assertEquals(12, descriptor.getService(0).getMethodCount());
        assertEquals(List.of("common.proto"), descriptor.getDependencyList());
    }

    private static ServerReflectionResponse reflect(ServerReflectionRequest request) throws Exception {
        CompletableFuture<ServerReflectionResponse> answer = new CompletableFuture<>();
        StreamObserver<ServerReflectionRequest> requests = ServerReflectionGrpc.newStub(server.channel)
                .serverReflectionInfo(new StreamObserver<>() {
                    @Override
                    public void onNext(ServerReflectionResponse response) {
                        answer.complete(response);
                    }

                    @Override
                    public void onError(Throwable error) {
                        answer.completeExceptionally(error);
                    }

                    @Override
                    public void onCompleted() {}
                });
        requests.onNext(request);
        ServerReflectionResponse response = answer.get(20, TimeUnit.SECONDS);
        requests.onCompleted();
        return response;
    }
}
