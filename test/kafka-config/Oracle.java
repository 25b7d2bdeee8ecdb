// Asks Kafka's own classes whether they take a configuration: one JVM for any number of cases. Reads
// JSON lines from stdin, answers one line each: {"ok":…,"error":…,"normal":…}. Run by oracle.ts only.
//   {"base":{…}}                                  the properties that a node boots with, first line
//   {"ask":"broker","props":{…}}                  what a boot and an alteration check together
//   {"ask":"topic","props":{…},"broker":{…}}      a topic on brokers of that configuration
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.*;
import java.nio.charset.StandardCharsets;
import java.util.*;
import kafka.server.DynamicLogConfig;
import kafka.server.KafkaConfig;
import org.apache.kafka.common.config.ConfigDef;
import org.apache.kafka.common.config.ConfigException;
import org.apache.kafka.common.config.TopicConfig;
import org.apache.kafka.common.metrics.Metrics;
import org.apache.kafka.common.metrics.MetricsReporter;
import org.apache.kafka.common.metrics.Sensor;
import org.apache.kafka.common.replica.ReplicaSelector;
import org.apache.kafka.common.utils.Time;
import org.apache.kafka.common.utils.Utils;
import org.apache.kafka.raft.MetadataLogConfig;
import org.apache.kafka.server.config.*;
import org.apache.kafka.server.log.remote.storage.RemoteLogManager;
import org.apache.kafka.server.metrics.MetricConfigs;
import org.apache.kafka.server.policy.AlterConfigPolicy;
import org.apache.kafka.server.policy.CreateTopicPolicy;
import org.apache.kafka.server.quota.ClientQuotaCallback;
import org.apache.kafka.storage.internals.log.LogConfig;
import org.apache.kafka.storage.log.metrics.BrokerTopicStats;

public class Oracle {
    static final ObjectMapper JSON = new ObjectMapper();
    static Map<String, String> base = Map.of();

    public static void main(String[] args) throws Exception {
        var out = new PrintStream(new BufferedOutputStream(new FileOutputStream(FileDescriptor.out)), false, StandardCharsets.UTF_8);
        var in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        System.setOut(System.err);
        for (String line = in.readLine(); line != null; line = in.readLine()) {
            JsonNode question = JSON.readTree(line);
            Map<String, Object> answer = new LinkedHashMap<>();
            try {
                Object normal = answerTo(question);
                answer.put("ok", true);
                answer.put("normal", normal);
            } catch (Throwable refusal) {
                answer.put("ok", false);
                answer.put("error", refusal.getClass().getSimpleName() + ": " + refusal.getMessage());
            }
            out.println(JSON.writeValueAsString(answer));
        }
        out.flush();
    }

    static Object answerTo(JsonNode question) throws Exception {
        if (question.has("base")) {
            base = map(question.get("base"));
            return null;
        }
        return switch (question.get("ask").asText()) {
            case "broker" -> {
                Map<String, String> props = map(question.get("props"));
                KafkaConfig config = broker(props);
                boot(config);
                if (config.remoteLogManagerConfig().isRemoteStorageSystemEnabled()) remoteLog(config);
                yield spelling(AbstractKafkaConfig.CONFIG_DEF.configKeys(), props, config.values());
            }
            case "topic" -> topic(map(question.get("props")), map(question.get("broker")));
            default -> throw new IllegalStateException();
        };
    }

    @SuppressWarnings("unchecked")
    static Map<String, String> map(JsonNode node) {
        return JSON.convertValue(node, Map.class);
    }

    static KafkaConfig broker(Map<String, String> props) {
        Properties all = new Properties();
        all.putAll(base);
        all.putAll(props);
        return KafkaConfig.fromProps(all, false);
    }

    /** What a node does with its configuration on the way up, and a broker when it is altered. */
    static void boot(KafkaConfig config) throws Exception {
        boolean remote = config.remoteLogManagerConfig().isRemoteStorageSystemEnabled();
        LogConfig.validateBrokerLogConfigValues(config.extractLogConfigMap(), remote);
        new LogConfig(config.extractLogConfigMap());
        new DynamicLogConfig(null, null).validateReconfiguration(config);
        metadataLog(new MetadataLogConfig(config));
        Sensor.RecordingLevel.forName(config.metricRecordingLevel());
        plugin(config, ServerLogConfigs.ALTER_CONFIG_POLICY_CLASS_NAME_CONFIG, AlterConfigPolicy.class);
        plugin(config, ServerLogConfigs.CREATE_TOPIC_POLICY_CLASS_NAME_CONFIG, CreateTopicPolicy.class);
        plugin(config, QuotaConfig.CLIENT_QUOTA_CALLBACK_CLASS_CONFIG, ClientQuotaCallback.class);
        String selector = config.getString(ReplicationConfigs.REPLICA_SELECTOR_CLASS_CONFIG);
        if (selector != null) Utils.newInstance(selector, ReplicaSelector.class);
        for (var reporter : config.getConfiguredInstances(MetricConfigs.METRIC_REPORTER_CLASSES_CONFIG,
                MetricsReporter.class, Map.of())) reporter.close();
        for (String name : config.getList(MetricConfigs.KAFKA_METRICS_REPORTER_CLASSES_CONFIG))
            Utils.newInstance(name, kafka.metrics.KafkaMetricsReporter.class);
    }

    static void plugin(KafkaConfig config, String key, Class<?> type) {
        config.getConfiguredInstance(key, type);
    }

    /** As KafkaRaftLog.createLog. */
    static void metadataLog(MetadataLogConfig config) {
        LogConfig.validate(Map.of(
            TopicConfig.MAX_MESSAGE_BYTES_CONFIG, String.valueOf(config.internalMaxBatchSizeInBytes()),
            TopicConfig.SEGMENT_BYTES_CONFIG, String.valueOf(config.logSegmentBytes()),
            TopicConfig.SEGMENT_MS_CONFIG, String.valueOf(config.logSegmentMillis()),
            TopicConfig.RETENTION_MS_CONFIG, "-1", TopicConfig.RETENTION_BYTES_CONFIG, "-1"));
    }

    /** As BrokerServer.createRemoteLogManager. */
    static void remoteLog(KafkaConfig config) throws Exception {
        var settings = config.remoteLogManagerConfig();
        String listener = settings.remoteLogMetadataManagerListenerName();
        if (listener != null && !listener.equalsIgnoreCase("CLIENT")) throw new ConfigException(listener);
        new RemoteLogManager(settings, 1, config.logDirs().get(0), "cluster", Time.SYSTEM, p -> Optional.empty(),
            (p, o) -> { }, new BrokerTopicStats(), new Metrics(), Optional.empty()).close();
    }

    /** As ControllerConfigurationValidator, for a topic that is new. */
    static Object topic(Map<String, String> props, Map<String, String> broker) throws Exception {
        KafkaConfig config = broker(broker);
        boot(config);
        Map<String, Object> defaults = config.extractLogConfigMap();
        LogConfig.validate(Map.of(), props, defaults, config.remoteLogManagerConfig().isRemoteStorageSystemEnabled());
        Properties own = new Properties();
        own.putAll(props);
        return spelling(LogConfig.configKeys(), props, LogConfig.fromProps(defaults, own).values());
    }

    /** The values as Kafka prints them, for example to DescribeConfigs. */
    static Map<String, String> spelling(Map<String, ConfigDef.ConfigKey> keys, Map<String, String> props, Map<String, ?> values) {
        Map<String, String> spelt = new HashMap<>();
        for (String name : props.keySet())
            if (keys.containsKey(name)) spelt.put(name, ConfigDef.convertToString(values.get(name), keys.get(name).type));
        return spelt;
    }
}
