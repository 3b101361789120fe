package io.penstock.serving.api;

import io.penstock.serving.http.HttpExchange;
import io.penstock.serving.http.HttpRouter;
import io.penstock.serving.openai.TokenizeRequest;
import io.penstock.serving.openai.response.ErrorBody;
import io.penstock.serving.server.Profiler;
import java.util.concurrent.Executor;

/** Which endpoint is where. */
public final class ApiRoutes {
    private static final String ABORT = "/abort/";

    private ApiRoutes() {}

    /** What clients ask for. */
    public static HttpRouter forClients(ApiContext api) {
        HttpRouter router = new HttpRouter();
        Executor worker = api.engine().workers();
        var chat = new ChatEndpoint(api);
        var completion = new CompletionEndpoint(api);
        var tokenize = new TokenizeEndpoints(api);
        addStatus(router, api);
        Console.addTo(router);
        return router
                .add("POST", "/v1/chat/completions", Tasks.json(worker, chat::read, chat::handle))
                .add("POST", "/v1/completions", Tasks.json(worker, completion::read, completion::handle))
                .add("POST", "/tokenize", Tasks.json(worker, TokenizeRequest::parse, tokenize::tokenize))
                .add("POST", "/detokenize", Tasks.json(worker, tokenize::readTokens, tokenize::detokenize));
    }

    private static void addStatus(HttpRouter router, ApiContext api) {
        var status = new StatusEndpoints(api);
        router.addOpen("GET", "/health", status::health)
                .addOpen("GET", "/ping", status::health)
                .addOpen("POST", "/ping", status::health)
                .add("GET", "/version", status::version)
                .add("GET", "/load", status::load)
                .add("GET", "/metrics", status::metrics)
                .add("GET", StatusEndpoints.MODELS, status::models)
                .add("GET", StatusEndpoints.MODELS + "/*", status::model);
    }

    /**
     * What operators do, for a port of their own.
     *
     * @param drain begins the server's end: nothing new is taken, what was taken is finished
     */
    public static HttpRouter forOperators(ApiContext api, Profiler profiler, Runnable drain) {
        HttpRouter router = new HttpRouter();
        addStatus(router, api);
        var profile = new ProfileEndpoints(profiler, api.engine().workers());
        return router
                .add("POST", "/drain", exchange -> {
                    exchange.respond(202);
                    drain.run();
                })
                .add("POST", "/reset_prefix_cache", exchange -> {
                    api.engine().engine().resetPrefixCache();
                    exchange.respond(200);
                })
                .add("POST", ABORT + "*", exchange -> abort(api, exchange))
                .add("POST", "/start_profile", profile::start)
                .add("POST", "/stop_profile", profile::stop);
    }

    private static void abort(ApiContext api, HttpExchange exchange) {
        String id = exchange.path().substring(ABORT.length());
        if (api.engine().abort(id) > 0) {
            exchange.respond(200);
        } else {
            exchange.respond(404,
                    new ErrorBody("no request of that id is running", ErrorBody.INVALID_REQUEST, null, null));
        }
    }
}
