import ca.uhn.fhir.context.FhirContext;
import ca.uhn.fhir.context.support.DefaultProfileValidationSupport;
import ca.uhn.fhir.context.support.IValidationSupport;
import ca.uhn.fhir.validation.FhirValidator;
import ca.uhn.fhir.validation.ResultSeverityEnum;
import ca.uhn.fhir.validation.SingleValidationMessage;
import ca.uhn.fhir.validation.ValidationOptions;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.hl7.fhir.common.hapi.validation.support.*;
import org.hl7.fhir.common.hapi.validation.validator.FhirInstanceValidator;
import org.hl7.fhir.instance.model.api.IBaseResource;
import org.hl7.fhir.utilities.npm.NpmPackage;

/**
 * HL7's instance validator, offline. Each line of standard input names a file or a folder; it is answered by one line of
 * JSON a file, then an empty one. It loads once and ends when standard input does.
 * Validate [-fhir R4|R5] [-ig package.tgz|folder]... [-profile url]...
 */
public class Validate {
	static final Set<String> DEFINITIONS = Set.of("StructureDefinition", "ValueSet", "CodeSystem", "SearchParameter", "Questionnaire");

	public static void main(String[] arguments) throws Exception {
		List<Path> guides = new ArrayList<>();
		ValidationOptions options = new ValidationOptions();
		FhirContext fhir = FhirContext.forR4();
		for (int i = 0; i < arguments.length; i++) switch (arguments[i]) {
			case "-fhir": fhir = arguments[++i].equals("R5") ? FhirContext.forR5() : FhirContext.forR4(); break;
			case "-ig": guides.add(Path.of(arguments[++i])); break;
			case "-profile": options.addProfile(arguments[++i]); break;
			default: throw new IllegalArgumentException(arguments[i]);
		}
		FhirValidator validator = validator(fhir, guides);
		ObjectMapper mapper = new ObjectMapper();
		BufferedReader asked = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
		PrintStream out = new PrintStream(System.out, true, StandardCharsets.UTF_8);
		for (String path; (path = asked.readLine()) != null; out.println()) {
			List<Map<String, Object>> answers = json(Path.of(path)).parallelStream()
					.map(file -> issues(validator, file, options)).collect(Collectors.toList());
			for (Map<String, Object> answer : answers) out.println(mapper.writeValueAsString(answer));
		}
	}

	static FhirValidator validator(FhirContext fhir, List<Path> guides) throws IOException {
		PrePopulatedValidationSupport guide = new PrePopulatedValidationSupport(fhir);
		for (Path path : guides) for (String text : texts(path)) add(fhir, guide, text);
		UnknownCodeSystemWarningValidationSupport unknown = new UnknownCodeSystemWarningValidationSupport(fhir);
		unknown.setNonExistentCodeSystemSeverity(IValidationSupport.IssueSeverity.WARNING);
		FhirInstanceValidator instances = new FhirInstanceValidator(new ValidationSupportChain(
				new DefaultProfileValidationSupport(fhir), guide, new CommonCodeSystemsTerminologyService(fhir),
				new InMemoryTerminologyServerValidationSupport(fhir), new SnapshotGeneratingValidationSupport(fhir), unknown));
		instances.setAnyExtensionsAllowed(true);
		return fhir.newValidator().registerValidatorModule(instances);
	}

	static Map<String, Object> issues(FhirValidator validator, Path file, ValidationOptions options) {
		List<SingleValidationMessage> messages;
		try { messages = validator.validateWithResult(Files.readString(file), options).getMessages(); }
		catch (Exception e) { return line(file, List.of(issue("fatal", "", e.toString()))); }
		// A value set over SNOMED CT, LOINC and the like needs a terminology server: offline, its errors say nothing.
		Set<String> offline = messages.stream()
				.filter(m -> m.getMessage().startsWith("Unable to expand ValueSet") || m.getMessage().contains("is ignored/not-present"))
				.map(SingleValidationMessage::getLocationString).collect(Collectors.toSet());
		return line(file, messages.stream().map(m -> {
			boolean unsure = offline.contains(m.getLocationString()) && m.getMessage().matches("(?s).*([Vv]alue set|ValueSet).*");
			boolean bad = m.getSeverity().ordinal() > ResultSeverityEnum.WARNING.ordinal();
			return issue(bad && unsure ? "warning" : m.getSeverity().getCode(), m.getLocationString(), m.getMessage());
		}).collect(Collectors.toList()));
	}

	static Map<String, Object> line(Path file, List<Map<String, String>> issues) {
		Map<String, Object> line = new LinkedHashMap<>();
		line.put("file", file.toString());
		line.put("issues", issues);
		return line;
	}

	static Map<String, String> issue(String severity, String path, String message) {
		return Map.of("severity", severity, "path", path == null ? "" : path, "message", message);
	}

	static List<Path> json(Path path) throws IOException {
		try (Stream<Path> all = Files.walk(path)) {
			return all.filter(p -> p.toString().endsWith(".json")).sorted().collect(Collectors.toList());
		}
	}

	static List<String> texts(Path guide) throws IOException {
		List<String> texts = new ArrayList<>();
		if (Files.isDirectory(guide)) for (Path p : json(guide)) texts.add(Files.readString(p));
		else try (InputStream in = Files.newInputStream(guide)) {
			NpmPackage.NpmPackageFolder folder = NpmPackage.fromPackage(in).getFolders().get("package");
			for (String name : folder.listFiles()) if (name.endsWith(".json")) texts.add(new String(folder.fetchFile(name), StandardCharsets.UTF_8));
		}
		return texts;
	}

	static void add(FhirContext fhir, PrePopulatedValidationSupport guide, String text) {
		if (DEFINITIONS.stream().noneMatch(text::contains) || !text.contains("\"resourceType\"")) return;
		IBaseResource resource;
		try { resource = fhir.newJsonParser().parseResource(text); }
		catch (Exception e) { System.err.println("left out of the guide: " + e.getMessage()); return; }
		switch (fhir.getResourceType(resource)) {
			case "StructureDefinition": guide.addStructureDefinition(resource); break;
			case "ValueSet": guide.addValueSet(resource); break;
			case "CodeSystem": guide.addCodeSystem(resource); break;
			case "SearchParameter": guide.addSearchParameter(resource); break;
			case "Questionnaire": guide.addResource(resource); break;
			default:
		}
	}
}
