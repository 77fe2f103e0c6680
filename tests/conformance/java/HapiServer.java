import ca.uhn.fhir.batch2.jobs.config.Batch2JobsConfig;
import ca.uhn.fhir.context.FhirContext;
import ca.uhn.fhir.context.FhirVersionEnum;
import ca.uhn.fhir.context.support.IValidationSupport;
import ca.uhn.fhir.interceptor.api.IInterceptorBroadcaster;
import ca.uhn.fhir.interceptor.api.IInterceptorService;
import ca.uhn.fhir.jpa.api.config.JpaStorageSettings;
import ca.uhn.fhir.jpa.api.config.ThreadPoolFactoryConfig;
import ca.uhn.fhir.jpa.api.dao.IFhirSystemDao;
import ca.uhn.fhir.jpa.batch2.JpaBatch2Config;
import ca.uhn.fhir.jpa.config.HapiJpaConfig;
import ca.uhn.fhir.jpa.config.r4.JpaR4Config;
import ca.uhn.fhir.jpa.config.r5.JpaR5Config;
import ca.uhn.fhir.jpa.config.util.HapiEntityManagerFactoryUtil;
import ca.uhn.fhir.jpa.model.config.PartitionSettings;
import ca.uhn.fhir.jpa.model.config.SubscriptionSettings;
import ca.uhn.fhir.jpa.model.dialect.HapiFhirH2Dialect;
import ca.uhn.fhir.jpa.model.entity.StorageSettings;
import ca.uhn.fhir.jpa.provider.IJpaSystemProvider;
import ca.uhn.fhir.jpa.provider.JpaCapabilityStatementProvider;
import ca.uhn.fhir.jpa.search.DatabaseBackedPagingProvider;
import ca.uhn.fhir.jpa.subscription.channel.config.SubscriptionChannelConfig;
import ca.uhn.fhir.jpa.subscription.match.config.SubscriptionProcessorConfig;
import ca.uhn.fhir.jpa.subscription.submit.config.SubscriptionSubmitterConfig;
import ca.uhn.fhir.rest.api.EncodingEnum;
import ca.uhn.fhir.rest.server.RestfulServer;
import ca.uhn.fhir.rest.server.interceptor.RequestValidatingInterceptor;
import ca.uhn.fhir.rest.server.provider.ResourceProviderFactory;
import ca.uhn.fhir.rest.server.util.ISearchParamRegistry;
import ca.uhn.fhir.validation.IValidatorModule;
import ca.uhn.fhir.validation.ResultSeverityEnum;
import jakarta.persistence.EntityManagerFactory;
import java.util.Properties;
import javax.sql.DataSource;
import org.apache.commons.dbcp2.BasicDataSource;
import org.eclipse.jetty.ee10.servlet.ServletContextHandler;
import org.eclipse.jetty.ee10.servlet.ServletHolder;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import org.eclipse.jetty.server.handler.gzip.GzipHandler;
import org.springframework.beans.factory.config.ConfigurableListableBeanFactory;
import org.springframework.context.annotation.*;
import org.springframework.orm.jpa.JpaTransactionManager;
import org.springframework.orm.jpa.LocalContainerEntityManagerFactoryBean;
import org.springframework.web.context.support.AnnotationConfigWebApplicationContext;

/**
 * A complete HAPI FHIR JPA server on H2 and Jetty; it ends when its standard input does, so that no dead test leaves one behind.
 * Properties: port (0: any free one), fhir (R4|R5), db (JDBC URL), validate (true|false).
 */
public class HapiServer {
	static final boolean R5 = "R5".equals(System.getProperty("fhir", "R4"));

	@Configuration
	@Import({HapiJpaConfig.class, JpaBatch2Config.class, Batch2JobsConfig.class, SubscriptionSubmitterConfig.class,
			SubscriptionProcessorConfig.class, SubscriptionChannelConfig.class, ThreadPoolFactoryConfig.class})
	static class Common {
		@Bean DataSource dataSource() {
			BasicDataSource d = new BasicDataSource();
			d.setUrl(System.getProperty("db", "jdbc:h2:mem:hapi;DB_CLOSE_DELAY=-1"));
			d.setUsername("sa");
			d.setPassword("");
			d.setMaxTotal(20);
			return d;
		}
		@Bean JpaStorageSettings storageSettings() {
			JpaStorageSettings s = new JpaStorageSettings();
			s.setAllowMultipleDelete(true);
			s.setAllowExternalReferences(true);
			s.setAutoCreatePlaceholderReferenceTargets(Boolean.getBoolean("placeholders"));
			s.setReuseCachedSearchResultsForMillis(null);
			s.setHibernateSearchIndexSearchParams(false);
			return s;
		}
		@Bean ca.uhn.fhir.jpa.subscription.match.deliver.email.IEmailSender emailSender() { return d -> {}; }
		@Bean PartitionSettings partitionSettings() { return new PartitionSettings(); }
		@Bean SubscriptionSettings subscriptionSettings() {
			SubscriptionSettings s = new SubscriptionSettings();
			s.addSupportedSubscriptionType(org.hl7.fhir.dstu2.model.Subscription.SubscriptionChannelType.RESTHOOK);
			return s;
		}
		@Bean LocalContainerEntityManagerFactoryBean entityManagerFactory(ConfigurableListableBeanFactory bf, FhirContext ctx,
				JpaStorageSettings s, DataSource ds) {
			LocalContainerEntityManagerFactoryBean f = HapiEntityManagerFactoryUtil.newEntityManagerFactory(bf, ctx, s);
			f.setPersistenceUnitName("HAPI_PU");
			f.setDataSource(ds);
			Properties p = new Properties();
			p.put("hibernate.dialect", System.getProperty("dialect", HapiFhirH2Dialect.class.getName()));
			p.put("hibernate.hbm2ddl.auto", "update");
			p.put("hibernate.jdbc.batch_size", "20");
			p.put("hibernate.cache.use_query_cache", "false");
			p.put("hibernate.cache.use_second_level_cache", "false");
			p.put("hibernate.search.enabled", "false");
			f.setJpaProperties(p);
			return f;
		}
		@Primary @Bean JpaTransactionManager transactionManager(EntityManagerFactory emf) { return new JpaTransactionManager(emf); }
	}
	@Configuration @Import({JpaR4Config.class, Common.class}) static class R4Server {}
	@Configuration @Import({JpaR5Config.class, Common.class}) static class R5Server {}

	static class FhirServlet extends RestfulServer {
		final AnnotationConfigWebApplicationContext app;
		FhirServlet(AnnotationConfigWebApplicationContext a) { super(a.getBean(FhirContext.class)); app = a; }
		@Override protected void initialize() {
			registerProviders(app.getBean(ResourceProviderFactory.class).createProviders());
			registerProvider(app.getBean(IJpaSystemProvider.class));
			IFhirSystemDao<?, ?> dao = app.getBean(IFhirSystemDao.class);
			setServerConformanceProvider(new JpaCapabilityStatementProvider(this, dao, app.getBean(JpaStorageSettings.class),
					app.getBean(ISearchParamRegistry.class), app.getBean("myJpaValidationSupportChain", IValidationSupport.class)));
			setDefaultResponseEncoding(EncodingEnum.JSON);
			DatabaseBackedPagingProvider paging = app.getBean(DatabaseBackedPagingProvider.class);
			paging.setDefaultPageSize(50);
			paging.setMaximumPageSize(500);
			setPagingProvider(paging);
			setInterceptorService(app.getBean(IInterceptorService.class));
			if (Boolean.getBoolean("validate")) {
				RequestValidatingInterceptor v = new RequestValidatingInterceptor();
				v.addValidatorModule(app.getBean(IValidatorModule.class));
				v.setFailOnSeverity(ResultSeverityEnum.ERROR);
				registerInterceptor(v);
			}
		}
	}

	public static void main(String[] a) throws Exception {
		Server server = new Server();
		ServerConnector c = new ServerConnector(server);
		c.setHost(System.getProperty("host", "127.0.0.1"));
		c.setPort(Integer.getInteger("port", 8080));
		server.addConnector(c);
		ServletContextHandler h = new ServletContextHandler("/");
		AnnotationConfigWebApplicationContext app = new AnnotationConfigWebApplicationContext();
		app.register(R5 ? R5Server.class : R4Server.class);
		app.setServletContext(h.getServletContext());
		app.refresh();
		ServletHolder s = new ServletHolder(new FhirServlet(app));
		s.setInitOrder(1);
		h.addServlet(s, "/fhir/*");
		GzipHandler gz = new GzipHandler();
		gz.setHandler(h);
		server.setHandler(gz);
		server.start();
		System.out.println("HAPI FHIR JPA " + (R5 ? "R5" : "R4") + " ready on http://127.0.0.1:" + c.getLocalPort() + "/fhir");
		while (System.in.read() >= 0) {}
		System.exit(0);
	}
}
