// The flow that every client runs; prints what it saw as one JSON object. Arguments: three photographs.
import { readFile } from "node:fs/promises";
import {
  CompareFacesCommand,
  CreateCollectionCommand,
  DeleteCollectionCommand,
  DeleteFacesCommand,
  DescribeCollectionCommand,
  IndexFacesCommand,
  RekognitionClient,
  ResourceNotFoundException,
  SearchFacesByImageCommand,
  SearchFacesCommand,
  paginateListFaces,
} from "@aws-sdk/client-rekognition";

const client = new RekognitionClient({});
const CollectionId = "node-flow";
const [ada, adaLater, bob] = await Promise.all(
  process.argv.slice(2).map(async (path) => ({ Bytes: await readFile(path) })),
);
const told = { indexed: [], listed: [] };

await client.send(new CreateCollectionCommand({ CollectionId }));
const described = await client.send(new DescribeCollectionCommand({ CollectionId }));
told.described = { FaceCount: described.FaceCount, isDate: described.CreationTimestamp instanceof Date };

for (const [Image, ExternalImageId] of [[ada, "ada"], [bob, "bob"]]) {
  const answer = await client.send(new IndexFacesCommand({ CollectionId, Image, ExternalImageId }));
  told.indexed.push(answer.FaceRecords[0].Face.FaceId);
}
for await (const page of paginateListFaces({ client, pageSize: 1 }, { CollectionId })) {
  told.listed.push(...page.Faces.map((face) => face.FaceId));
}

const [FaceId, other] = told.indexed;
const searched = await client.send(new SearchFacesCommand({ CollectionId, FaceId, FaceMatchThreshold: 0 }));
told.searched = searched.FaceMatches.map((match) => match.Face.FaceId);
const found = await client.send(new SearchFacesByImageCommand({ CollectionId, Image: adaLater }));
told.found = found.FaceMatches.map((match) => match.Face.ExternalImageId);
told.similarity = found.FaceMatches[0].Similarity;

const same = await client.send(new CompareFacesCommand({ SourceImage: ada, TargetImage: adaLater }));
const different = await client.send(new CompareFacesCommand({ SourceImage: ada, TargetImage: bob }));
told.compared = { matches: same.FaceMatches.length, unmatched: different.UnmatchedFaces.length };

told.deleted = (await client.send(new DeleteFacesCommand({ CollectionId, FaceIds: [other] }))).DeletedFaces;
told.statusCode = (await client.send(new DeleteCollectionCommand({ CollectionId }))).StatusCode;
try {
  await client.send(new DescribeCollectionCommand({ CollectionId }));
} catch (error) {
  told.error = {
    name: error.name,
    isClass: error instanceof ResourceNotFoundException,
    message: error.message,
    attempts: error.$metadata.attempts,
  };
}
console.log(JSON.stringify(told));
