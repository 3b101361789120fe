package io.penstock.cli;

import io.penstock.bench.loadgen.serve.ServeReport;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

@Command(
        name = "serve",
        abbreviateSynopsis = true,
        description = "Loads a running server, any that speaks OpenAI's API or the engine protocol over gRPC, and"
                + " measures what comes: throughput, latencies, goodput. Options and figures are those of vllm bench"
                + " serve.",
        footer = {
            "%nExamples:",
            "  penstock bench serve --random-input-len 1024 --random-output-len 256 --num-prompts 512"
                    + " --max-concurrency 64",
            "  penstock bench serve --backend openai-chat --dataset-name sharegpt --dataset-path sharegpt.json"
                    + " --request-rate 8",
            "  penstock bench serve --backend vllm-grpc --metrics-url http://127.0.0.1:8000"
                    + " --save-result bench/results",
            "%nExit code 1 if requests failed; what came of the others is printed and saved all the same.",
        })
final class BenchServeCommand implements Callable<Integer> {
    @Spec
    private CommandSpec spec;

    @Mixin
    private LoadTargetOptions target;

    @Mixin
    private WorkloadArguments workload;

    @Mixin
    private LoadArguments load;

    @Mixin
    private LoadResultOptions results;

    @Override
    public Integer call() throws InterruptedException {
        try (var session = LoadSession.open(spec, target, workload, load, results)) {
            session.prepare();
            var run = session.run(load.maxConcurrency(), workload.knownInputLen(), workload.knownOutputLen(),
                    session.requests());
            System.out.print(ServeReport.of(run.measured(), load.requestRate()));
            run.save();
            return run.exitCode();
        }
    }
}
