package io.penstock.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.jdi.Bootstrap;
import com.sun.jdi.ObjectReference;
import com.sun.jdi.ThreadReference;
import com.sun.jdi.VirtualMachine;
import com.sun.jdi.connect.AttachingConnector;
import com.sun.jdi.connect.Connector;
import java.io.IOException;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** A server as a process when others die: its clients, its engine, and itself in the middle of work. */
class ServeFaultsTest {
    private static final int NUM_REQUESTS = 24;
    private static final int NUM_TOKENS = 60;
    private static final int SIGTERM_EXIT = 143;
    private static final Pattern LISTENING = Pattern.compile("Listening for transport dt_socket at address: (\\d+)");

    private final HttpClient client = HttpClient.newHttpClient();
    private ServeProcess server;
    private Process killed;

    @AfterEach
    void end() {
        client.close();
        if (killed != null) {
            killed.destroyForcibly();
        }
        if (server != null) {
            server.close();
        }
    }

    private CompletableFuture<HttpResponse<String>> ask(int numTokens, boolean stream) {
        return client.sendAsync(server.completion(numTokens, stream), HttpResponse.BodyHandlers.ofString());
    }

    @Test
    void killedClientsLeaveNothingAndSigtermUnderLoadLosesNothing() throws Exception {
        server = ServeProcess.start();
        List<String> command = ServeProcess.java(List.of(), StreamingClient.class);
        command.add(Integer.toString(server.address.getPort()));
        killed = new ProcessBuilder(command).start();
        assertEquals("streaming", killed.inputReader().readLine());
        server.awaitRunning(client, 3);
        killed.destroyForcibly().waitFor();
        server.awaitRunning(client, 0);

        List<CompletableFuture<HttpResponse<String>>> answers = new ArrayList<>();
        for (int i = 0; i < NUM_REQUESTS; i++) {
            answers.add(ask(NUM_TOKENS, i % 2 == 0));
        }
        server.awaitRunning(client, 4);
        server.terminate();
        int numWhole = 0;
        for (int i = 0; i < NUM_REQUESTS; i++) {
            HttpResponse<String> answer = answers.get(i).get(60, TimeUnit.SECONDS);
            if (answer.statusCode() == 503) {
                continue;
            }
            numWhole++;
            assertEquals(200, answer.statusCode(), answer.body());
            assertTrue(i % 2 == 0 ? answer.body().endsWith("data: [DONE]\n\n")
                    : answer.body().contains("\"completion_tokens\":" + NUM_TOKENS), answer.body());
        }
        server.awaitEnd(0);
        assertTrue(numWhole > 4, numWhole + " were taken");
    }

    @Test
    void aSecondSignalEndsAtOnce() throws Exception {
        server = ServeProcess.start();
        ask(4_000, false);
        server.awaitRunning(client, 1);
        server.terminate();
        String line = server.process.inputReader().readLine();
        assertTrue(line.contains("shutting down; 1 requests are being finished"), line);
        server.terminate();
        server.awaitEnd(SIGTERM_EXIT);
    }

    @Test
    void aDeadEngineIsSaidAndEndsTheServer() throws Exception {
        server = ServeProcess.start(
                List.of("-agentlib:jdwp=transport=dt_socket,server=y,suspend=n,address=127.0.0.1:0"));
        CompletableFuture<HttpResponse<String>> whole = ask(4_000, false);
        CompletableFuture<HttpResponse<String>> events = ask(4_000, true);
        server.awaitRunning(client, 2);
        CompletableFuture<Integer> health = CompletableFuture.supplyAsync(this::firstBadHealth);
        kill("penstock-engine");
        assertEquals(503, whole.get(30, TimeUnit.SECONDS).statusCode());
        assertTrue(whole.get().body().contains("the engine failed"), whole.get()::body);
        assertTrue(events.get(30, TimeUnit.SECONDS).body().contains("event: error"), events.get()::body);
        assertEquals(503, health.get(30, TimeUnit.SECONDS));
        server.awaitEnd(1);
        assertTrue(server.said.stream().anyMatch(line -> line.contains("penstock: the engine failed")),
                server.said::toString);
    }

    private int firstBadHealth() {
        HttpRequest request = HttpRequest.newBuilder(server.address.resolve("/health")).build();
        int status = 200;
        try {
            while (status == 200) {
                status = client.send(request, HttpResponse.BodyHandlers.ofString()).statusCode();
            }
            return status;
        } catch (IOException | InterruptedException e) {
            throw new IllegalStateException("the server went without a word", e);
        }
    }

    /** Makes a thread of the server run out of memory, by way of its debugger. */
    private void kill(String thread) throws Exception {
        Matcher listening = server.said.stream().map(LISTENING::matcher).filter(Matcher::matches).findFirst()
                .orElseThrow();
        AttachingConnector connector = Bootstrap.virtualMachineManager().attachingConnectors().stream()
                .filter(each -> each.transport().name().equals("dt_socket")).findFirst().orElseThrow();
        Map<String, Connector.Argument> arguments = connector.defaultArguments();
        arguments.get("hostname").setValue("127.0.0.1");
        arguments.get("port").setValue(listening.group(1));
        VirtualMachine machine = connector.attach(arguments);
        ThreadReference victim = machine.allThreads().stream().filter(each -> each.name().equals(thread)).findFirst()
                .orElseThrow();
        ObjectReference error = machine.classesByName("java.lang.OutOfMemoryError").getFirst().instances(1).getFirst();
        victim.suspend();
        victim.stop(error);
        victim.resume();
        machine.dispose();
    }
}
