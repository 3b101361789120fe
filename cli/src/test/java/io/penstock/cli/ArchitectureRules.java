package io.penstock.cli;

import static com.tngtech.archunit.core.domain.JavaClass.Predicates.belongToAnyOf;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideOutsideOfPackages;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noFields;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noMethods;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.properties.HasName;
import com.tngtech.archunit.lang.ArchRule;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The rules that hold between classes, each with its way out, for classes under one root package:
 * {@code io.penstock}, and the fixtures that break each rule.
 */
final class ArchitectureRules {
    /** From the left to the right only; {@code emulator} sees {@code device} alone. */
    private static final List<String> MODULES =
            List.of("cli", "bench", "batch", "serving", "scheduler", "runtime", "kernels", "device");

    private final String root;

    ArchitectureRules(String root) {
        this.root = root;
    }

    Map<String, ArchRule> all() {
        Map<String, ArchRule> rules = new LinkedHashMap<>();
        for (int i = 1; i < MODULES.size(); i++) {
            rules.put("module " + MODULES.get(i), module(MODULES.get(i), MODULES.subList(0, i)));
        }
        rules.put("module emulator", emulator());
        rules.put("cycles", cycles());
        rules.put("scheduler and runtime", schedulerSeesRuntimeRoot());
        rules.put("standard streams", standardStreams());
        rules.put("vector api", vectorApi());
        rules.put("device natives", deviceNatives());
        rules.put("clock and randomness", clockAndRandomness());
        rules.put("unsafe", unsafe());
        rules.put("java.util.logging", javaUtilLogging());
        rules.put("thread stop", threadStop());
        rules.put("finalizers", finalizers());
        rules.put("optional fields", optionalFields());
        return rules;
    }

    private String in(String module) {
        return root + "." + module + "..";
    }

    private String[] in(List<String> modules) {
        return modules.stream().map(this::in).toArray(String[]::new);
    }

    private ArchRule module(String module, List<String> toTheLeft) {
        List<String> forbidden = new ArrayList<>(toTheLeft);
        forbidden.add("emulator");
        return noClasses()
                .that(resideInAPackage(in(module)))
                .should()
                .dependOnClassesThat(resideInAnyPackage(in(forbidden)))
                .because("modules depend on those to their right only, " + String.join(" -> ", MODULES)
                        + " <- emulator: move the shared type to the right, or take what is needed as a parameter");
    }

    private ArchRule emulator() {
        return noClasses()
                .that(resideInAPackage(in("emulator")))
                .should()
                .dependOnClassesThat(resideInAnyPackage(in(MODULES.subList(0, MODULES.size() - 1))))
                .because("the emulator implements the device's ports and knows nothing else:"
                        + " move the test that needs both to runtime");
    }

    private ArchRule cycles() {
        return slices()
                .matching(root + ".(**)")
                .should()
                .beFreeOfCycles()
                .because("packages are read one after the other:"
                        + " move the type that closes the cycle to the package that the others know");
    }

    private ArchRule schedulerSeesRuntimeRoot() {
        return noClasses()
                .that(resideInAPackage(in("scheduler")))
                .should()
                .dependOnClassesThat(resideInAnyPackage(root + ".runtime.*..", root + ".device..", root + ".kernels.."))
                .because("the scheduler knows ModelRunner, ForwardBatch, StepResult and ModelLimits: extend those in "
                        + root + ".runtime");
    }

    private ArchRule standardStreams() {
        return noClasses()
                .that(resideOutsideOfPackages(in("cli"), in("bench")))
                .should()
                .accessField(System.class, "out")
                .orShould()
                .accessField(System.class, "err")
                .orShould()
                .callMethod(Throwable.class, "printStackTrace")
                .because("only the command line and the benchmarks talk to a person:"
                        + " return the value, throw, or log it by slf4j");
    }

    private ArchRule vectorApi() {
        return noClasses()
                .that(resideOutsideOfPackages(in("runtime.cpu"), in("emulator.exec"), in("bench")))
                .should()
                .dependOnClassesThat(resideInAnyPackage("jdk.incubator.vector.."))
                .because("every vector loop has a scalar twin beside it: put both in " + root
                        + ".runtime.cpu, or for the emulator's matrices in " + root + ".emulator.exec");
    }

    private ArchRule deviceNatives() {
        return noClasses()
                .that(resideOutsideOfPackages(in("device.cuda")))
                .should()
                .dependOnClassesThat(resideInAnyPackage("jcuda..").or(named("java.lang.foreign.Linker")))
                .because("native calls are made in one place: add the call to a port of " + root
                        + ".device, and implement it in device.cuda");
    }

    private ArchRule clockAndRandomness() {
        DescribedPredicate<JavaClass> random = named("java.util.Random")
                .or(named("java.util.SplittableRandom"))
                .or(named("java.security.SecureRandom"))
                .or(named("java.util.concurrent.ThreadLocalRandom"))
                .or(resideInAPackage("java.util.random.."));
        return noClasses()
                .that(resideInAnyPackage(in("scheduler"), root + ".runtime"))
                .should()
                .dependOnClassesThat(random)
                .orShould()
                .callMethod(Math.class, "random")
                .orShould()
                .callMethod(System.class, "currentTimeMillis")
                .orShould()
                .callMethod(System.class, "nanoTime")
                .orShould()
                .dependOnClassesThat(named("java.time.Clock"))
                .orShould()
                .callMethod("java.time.Instant", "now")
                .because("a run replays from its seed: take nowNs as a parameter,"
                        + " and random numbers from the request's seed and the output position");
    }

    private ArchRule unsafe() {
        return noClasses()
                .should()
                .dependOnClassesThat(resideInAnyPackage("sun..", "jdk.internal.."))
                .because("those are the JDK's own: use java.lang.foreign.MemorySegment or a VarHandle");
    }

    private ArchRule javaUtilLogging() {
        return noClasses()
                .should()
                .dependOnClassesThat(resideInAPackage("java.util.logging.."))
                .because("there is one logging facade: use org.slf4j");
    }

    private ArchRule threadStop() {
        return noClasses()
                .should()
                .callMethod(Thread.class, "stop")
                .because("it throws: end a thread by a flag that it reads, or by an interrupt");
    }

    private ArchRule finalizers() {
        return noMethods()
                .should()
                .haveName("finalize")
                .because("nobody knows when it runs: implement AutoCloseable, or give the memory to an Arena");
    }

    private ArchRule optionalFields() {
        return noFields()
                .that()
                .areDeclaredInClassesThat(resideInAnyPackage(in("scheduler"), root + ".runtime", in("runtime.model"),
                        in("runtime.cpu"), in("runtime.sampling"), in("kernels"), in("device")))
                .should()
                .haveRawType(belongToAnyOf(Optional.class))
                .because("a hot object knows when it is made what is absent: use a sealed type, or an empty value");
    }

    private static DescribedPredicate<JavaClass> named(String name) {
        return HasName.Predicates.name(name).forSubtype();
    }
}
