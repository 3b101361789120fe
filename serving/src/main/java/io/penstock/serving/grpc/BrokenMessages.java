package io.penstock.serving.grpc;

import io.grpc.MethodDescriptor;
import io.grpc.ServerMethodDefinition;
import io.grpc.ServerServiceDefinition;
import io.grpc.ServiceDescriptor;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.List;

/**
 * Lets a service hear of bytes that are no message, as null, which {@link NeverUnknown} answers. Left to itself the
 * library ends such a call with {@code UNKNOWN}.
 */
final class BrokenMessages {
    private BrokenMessages() {}

    /** The same service, with requests that may be null. */
    static ServerServiceDefinition asNull(ServerServiceDefinition service) {
        List<ServerMethodDefinition<?, ?>> methods = new ArrayList<>();
        ServiceDescriptor.Builder descriptor = ServiceDescriptor.newBuilder(service.getServiceDescriptor().getName())
                .setSchemaDescriptor(service.getServiceDescriptor().getSchemaDescriptor());
        for (ServerMethodDefinition<?, ?> method : service.getMethods()) {
            ServerMethodDefinition<?, ?> tolerant = asNull(method);
            methods.add(tolerant);
            descriptor.addMethod(tolerant.getMethodDescriptor());
        }
        ServerServiceDefinition.Builder builder = ServerServiceDefinition.builder(descriptor.build());
        methods.forEach(builder::addMethod);
        return builder.build();
    }

    private static <Q, A> ServerMethodDefinition<Q, A> asNull(ServerMethodDefinition<Q, A> method) {
        MethodDescriptor<Q, A> descriptor = method.getMethodDescriptor();
        return ServerMethodDefinition.create(descriptor.toBuilder(
                new OrNull<>(descriptor.getRequestMarshaller()), descriptor.getResponseMarshaller()).build(),
                method.getServerCallHandler());
    }

    private record OrNull<T>(MethodDescriptor.Marshaller<T> marshaller) implements MethodDescriptor.Marshaller<T> {
        @Override
        public InputStream stream(T value) {
            return marshaller.stream(value);
        }

        @Override
        public T parse(InputStream stream) {
            try {
                return marshaller.parse(stream);
            } catch (RuntimeException e) {
                return null;
            }
        }
    }
}
